"""Synthetic sales of any number whose true price is known: the law, with interactions, noise and drift.

Rows come in blocks, each drawn from the seed and its own number: memory does not grow with the rows, and a
longer file begins with the same sales as a shorter one.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

FEATURES = 6
"""Those with a meaning; more are numbers whose weight halves from one to the next."""
BLOCK = 250_000
"""Rows drawn, and held in memory, at once."""
FILE_ROWS = 1_000_000
DISTRICTS = tuple(f"D{at:02}" for at in range(20))
PRICE, FIRST_DAY, DAYS = "Price", np.datetime64("2020-01-01"), 5 * 365
RISE, GROWTH = 0.06, 0.03
"""By which prices rise in a year, and areas: the first is drift of the law, the second of the houses."""
MISSING_AGE, MISSING_GARDEN = 0.10, 0.05
"""Shares of empty cells."""
UNKNOWN_AGE, UNKNOWN_EXTRA = 40.0, 0.0
"""What an empty cell is worth: the price depends on nothing that the file does not tell."""
RESOLD, TWICE = 0.05, 0.002
"""Shares of sales that sell a house again, and that are written twice."""


def log_price(sales: pd.DataFrame) -> NDArray[np.float64]:
    """The law: what the logarithm of each price is without noise."""
    area, quality = sales["Area"].to_numpy(), sales["Quality"].to_numpy()
    age = sales["Age"].fillna(UNKNOWN_AGE).to_numpy()
    district = sales["District"].map({name: at for at, name in enumerate(DISTRICTS)}).to_numpy(np.float64)
    garden = (sales["Garden"] == "yes").to_numpy()
    worth = 7.0 + 0.75 * np.log(area) + 0.05 * quality + 0.03 * np.sin(2.4 * district) * district
    worth += 0.0004 * (quality - 5) * (area - 120)  # a large house gains more by quality
    worth -= (0.006 - 0.0003 * district) * age  # age costs less in the better districts
    worth += garden * np.where(area > 150, 0.08, 0.02)
    worth += 0.02 * np.minimum(sales["Rooms"].to_numpy(), 6)
    for at, name in enumerate(sales.columns.difference([*_KEYS, PRICE], sort=False)):
        worth += 0.05 * 0.5**at * sales[name].fillna(UNKNOWN_EXTRA).to_numpy()
    return np.asarray(worth + RISE * _years(sales["Sold"]), dtype=np.float64)


def blocks(rows: int, *, noise: float, features: int = FEATURES, seed: int = 0) -> Iterator[pd.DataFrame]:
    """The sales, at most BLOCK at a time. `noise` is the standard deviation of the log of the price."""
    for number, first in enumerate(range(0, rows, BLOCK)):
        random = np.random.default_rng([seed, number])
        sales = _houses(random, features, number)
        sales[PRICE] = np.round(np.exp(log_price(sales) + noise * random.normal(size=BLOCK)), 2)
        place = np.arange(BLOCK)
        earlier = (random.random(BLOCK) * place).astype(np.int64)
        written = np.where(random.random(BLOCK) < TWICE, earlier, place)[: rows - first]
        yield sales.iloc[written].reset_index(drop=True)


def write(folder: Path, rows: int, *, noise: float, features: int = FEATURES, seed: int = 0) -> list[Path]:
    """Write the sales as Parquet files of FILE_ROWS each. Each file appears whole, or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn, written = blocks(rows, noise=noise, features=features, seed=seed), []
    for number in range(-(-rows // FILE_ROWS)):
        path = folder / f"sales-{number:04}.parquet"
        beside = folder / f".{path.name}.{os.getpid()}"
        try:
            _write(beside, drawn, min(FILE_ROWS, rows - number * FILE_ROWS))
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
        written.append(path)
    return written


def _write(path: Path, drawn: Iterator[pd.DataFrame], rows: int) -> None:
    writer = None
    while rows:
        table = pa.Table.from_pandas(next(drawn), preserve_index=False)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
        rows -= table.num_rows
    if writer:
        writer.close()


_DAY_NAMES = pd.Index(np.datetime_as_string(FIRST_DAY + np.arange(DAYS)))
_KEYS = ("House", "Sold", "Area", "Rooms", "Quality", "Age", "District", "Garden")


def contract(features: int = FEATURES) -> dict[str, Any]:
    """The contract of these sales, as `contract.toml` holds it."""
    numbers = [("Area", "number", True), ("Rooms", "integer", True), ("Quality", "integer", True)]
    numbers += [("Age", "number", False), *((name, "number", False) for name in _extras(features - FEATURES))]
    columns: list[dict[str, Any]] = [
        {"name": name.lower(), "column": name, "kind": kind, "required": required}
        for name, kind, required in numbers
    ]
    columns += [
        {"name": "district", "column": "District", "kind": "category", "choices": list(DISTRICTS)},
        {"name": "garden", "column": "Garden", "kind": "category", "choices": ["yes", "no"], "missing": "no"},
    ]
    boosting = {"max_iter": [200], "learning_rate": [0.1, 0.2]}
    return {
        "name": "synthetic",
        "title": "Synthetic sales",
        "target": {"column": PRICE, "unit": "EUR", "log": True},
        "keys": {"property": "House", "sold": ["Sold"]},
        "features": [{**column, "number": at} for at, column in enumerate(columns, start=1)],
        "split": {"by": "sold"},
        "cleaning": {"outliers": "iqr", "factor": 3.0, "duplicates": "drop"},
        "training": {"folds": 3, "candidates": {"ridge": {}, "hist_gradient_boosting": boosting}},
    }


def _extras(count: int) -> list[str]:
    return [f"X{at}" for at in range(1, count + 1)]


def _houses(random: np.random.Generator, features: int, number: int) -> pd.DataFrame:
    """A block of sales without prices; some houses are sold again on another day."""
    day, place = random.integers(0, DAYS, BLOCK), np.arange(BLOCK)
    earlier = (random.random(BLOCK) * place).astype(np.int64)
    house = np.where(random.random(BLOCK) < RESOLD, earlier, place)
    area = np.round(np.exp(random.normal(4.75, 0.35, BLOCK) + GROWTH * day / 365), 1)
    age = np.where(random.random(BLOCK) < MISSING_AGE, np.nan, np.floor(random.gamma(2.0, 20.0, BLOCK)))
    garden = np.where(random.random(BLOCK) < MISSING_GARDEN, -1, random.integers(0, 2, BLOCK))
    own: dict[str, NDArray[Any]] = {
        "Area": area,
        "Rooms": np.clip(np.round(area / 25 + random.normal(0, 1, BLOCK)), 1, 15),
        "Quality": random.binomial(9, 0.5, BLOCK) + 1.0,
        "Age": age,
        "District": random.integers(0, len(DISTRICTS), BLOCK),
        "Garden": garden,
    }
    for name in _extras(features - FEATURES):
        known = random.random(BLOCK) >= MISSING_AGE
        own[name] = np.where(known, np.round(random.normal(size=BLOCK), 3), np.nan)
    keys = {"House": number * BLOCK + house, "Sold": pd.Categorical.from_codes(day, _DAY_NAMES)}
    sales = pd.DataFrame({**keys, **{name: values[house] for name, values in own.items()}})
    for name, texts in (("District", DISTRICTS), ("Garden", ("yes", "no"))):
        sales[name] = pd.Categorical.from_codes(sales[name], pd.Index(texts))
    return sales


def _years(days: "pd.Series[str]") -> NDArray[np.float64]:
    """How long after FIRST_DAY each day is."""
    return days.map({name: at / 365 for at, name in enumerate(_DAY_NAMES)}).to_numpy(np.float64)
