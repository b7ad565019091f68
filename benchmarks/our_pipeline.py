"""The same work by our steps: a market's folder in, ONNX model and rejects out."""

import json
import sys
import time
from pathlib import Path

import pandas as pd

from house_prices import contract_reader
from house_prices.steps import clean, export, source, split, train
from house_prices.steps.columns import HOLDOUT, PART, TRAIN
from house_prices.steps.inputs import inputs, prices
from house_prices.steps.metrics import measure

market, folder = Path(sys.argv[1]), Path(sys.argv[2])
cleaned_file = folder / "cleaned.parquet"
seconds: dict[str, float] = {}
started = time.perf_counter()


def lap(name: str) -> None:
    global started
    now = time.perf_counter()
    seconds[name], started = now - started, now


contract = contract_reader.read(market / "contract.toml")
raw = source.read(source.paths(market / "raw"), contract)
lap("read")

cleaned = clean.clean(raw.sales, contract)
reasons = clean.count_by_reason(cleaned.rejects)
lap("clean")

cleaned.rejects.to_csv(folder / "rejects.csv", index=False)
cleaned.sales.to_parquet(cleaned_file, index=False)
del raw, cleaned
sales = pd.read_parquet(cleaned_file, to_pandas_kwargs={"split_blocks": True})
lap("store")

parted = split.split(sales, contract)
rows = len(sales)
del sales
lap("split")

fitted = train.train(parted[parted[PART] == TRAIN], contract)
lap("train")

model = export.export(fitted, contract)
(folder / "model.onnx").write_bytes(model)
lap("export")

session = export.session(model)
holdout = parted[parted[PART] == HOLDOUT]
scores = measure(prices(holdout, contract), export.predict(session, inputs(holdout, contract)))
lap("evaluate")

print(json.dumps({"rows": rows, "r2": scores["r2"], "seconds": seconds}))
