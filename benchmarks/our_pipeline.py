"""The same work with our functions: a market's folder in, ONNX model and rejects out."""

import json
import sys
import time
from pathlib import Path

import pandas as pd

from house_prices.contract import reader
from house_prices.sales import clean, read, split
from house_prices.sales.columns import HOLDOUT, PART, TRAIN
from house_prices.training import onnx_export, train
from house_prices.training.features import inputs, prices
from house_prices.training.metrics import measure

market, folder = Path(sys.argv[1]), Path(sys.argv[2])
cleaned_file = folder / "cleaned.parquet"
seconds: dict[str, float] = {}
started = time.perf_counter()


def lap(name: str) -> None:
    global started
    now = time.perf_counter()
    seconds[name], started = now - started, now


contract = reader.read(market / "contract.toml")
raw = read.read(read.paths(market / "raw"), contract)
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

model = onnx_export.export(fitted, contract)
(folder / "model.onnx").write_bytes(model)
lap("export")

session = onnx_export.session(model)
holdout = parted[parted[PART] == HOLDOUT]
scores = measure(prices(holdout, contract), onnx_export.predict(session, inputs(holdout, contract)))
lap("evaluate")

print(json.dumps({"rows": rows, "r2": scores["r2"], "seconds": seconds}))
