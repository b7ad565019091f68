"""The law of the HalfMil file: synthetic sales whose price is an exact sum.

`HousePrices_HalfMil.csv`, published on Kaggle, is such a file. Without it, the same law makes another.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

FILE_NAME = "HousePrices_HalfMil.csv"
ROWS = 500_000
"""Sales in the published file."""

BASE = 1000
MARBLES = ("White Marble", "Black Marble", "Indian Marble")
"""A house has a floor of exactly one of them."""
RANGES: Mapping[str, tuple[int, int]] = {
    "Area": (1, 249),
    "Garage": (1, 3),
    "FirePlace": (0, 4),
    "Baths": (1, 5),
    **dict.fromkeys(MARBLES, (0, 1)),
    "Floors": (0, 1),
    "City": (1, 3),
    "Solar": (0, 1),
    "Electric": (0, 1),
    "Fiber": (0, 1),
    "Glass Doors": (0, 1),
    "Swiming Pool": (0, 1),  # so spelt in the published file
    "Garden": (0, 1),
}
"""Least and greatest value of each column, in the published order; all are uniform and independent."""
WORTH: Mapping[str, int] = {
    "Area": 25,
    "Garage": 1500,
    "FirePlace": 750,
    "Baths": 1250,
    "White Marble": 14_000,
    "Black Marble": 5000,
    "Floors": 15_000,
    "City": 3500,
    "Solar": 250,
    "Electric": 1250,
    "Fiber": 11_750,
    "Glass Doors": 4450,
}
"""What one more adds to the price. Indian marble, pool and garden add nothing."""
PRICE = "Prices"


def generate(rows: int, seed: int) -> pd.DataFrame:
    """As many sales, always the same for a seed: whole numbers, in the published columns and their order."""
    random = np.random.default_rng(seed)
    columns = {name: random.integers(low, high + 1, rows) for name, (low, high) in RANGES.items()}
    marble = random.integers(len(MARBLES), size=rows)
    columns |= {name: (marble == at).astype(np.int64) for at, name in enumerate(MARBLES)}
    sales = pd.DataFrame(columns)
    return sales.assign(**{PRICE: price(sales)})


def price(sales: pd.DataFrame) -> pd.Series:
    """The price that the law gives each house."""
    total = pd.Series(BASE, index=sales.index, name=PRICE)
    for name, worth in WORTH.items():
        total += worth * sales[name]
    return total


def write(path: Path, rows: int = ROWS, seed: int = 0) -> None:
    """Write sales as the published file is written. The file appears whole, or not at all."""
    sales = generate(rows, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write((",".join(sales.columns) + "\n").encode())
            table = pa.Table.from_pandas(sales, preserve_index=False)
            pa.csv.write_csv(table, file, pa.csv.WriteOptions(include_header=False))
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
