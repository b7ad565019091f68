"""The project that this one replaces, as one plain script: CSV and folder in, model out."""

import json
import pickle
import sys
import time
from pathlib import Path

import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.preprocessing import MinMaxScaler

raw, folder = Path(sys.argv[1]), Path(sys.argv[2])
cleaned = folder / "cleaned.csv"
seconds: dict[str, float] = {}
started = time.perf_counter()


def lap(name: str) -> None:
    global started
    now = time.perf_counter()
    seconds[name], started = now - started, now


sales = pd.read_csv(raw)
lap("read")

sales = sales.dropna()
for column in sales.columns:
    low, high = sales[column].quantile(0.25), sales[column].quantile(0.75)
    reach = 1.5 * (high - low)
    sales = sales[(sales[column] >= low - reach) & (sales[column] <= high + reach)]
sales = sales.drop_duplicates()
lap("clean")

sales.to_csv(cleaned, index=False)
sales = pd.read_csv(cleaned)
lap("store")

features, price = sales.drop(columns="Prices"), sales["Prices"]
seen, unseen, seen_price, unseen_price = train_test_split(features, price, test_size=0.2, random_state=0)
scaler = MinMaxScaler()
seen, unseen = scaler.fit_transform(seen), scaler.transform(unseen)
lap("split")

search = GridSearchCV(LinearRegression(), {"fit_intercept": [True, False]}, cv=3, n_jobs=-1)
search.fit(seen, seen_price)
lap("train")

predicted = search.predict(unseen)
scores = {"r2": r2_score(unseen_price, predicted), "mse": mean_squared_error(unseen_price, predicted)}
(folder / "model.pkl").write_bytes(pickle.dumps(search.best_estimator_))
lap("score and save")

print(json.dumps({"rows": len(sales), "r2": scores["r2"], "seconds": seconds}))
