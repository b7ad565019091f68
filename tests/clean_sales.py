"""Clean sales of huts, as training takes them."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from house_prices.contract import reader
from house_prices.contract.schema import Contract
from house_prices.sales import clean, read, split
from house_prices.sales.columns import HOLDOUT, PART, TRAIN

ROOT = Path(__file__).parent.parent


def huts(rows: int, *, seed: int = 0) -> pd.DataFrame:
    """Sales at 1000 a square metre, 5000 a room and 20 000 for a view of the sea; some cells unknown."""
    random = np.random.default_rng(seed)
    area, rooms = random.uniform(20, 300, rows), random.integers(1, 9, rows)
    view = random.choice(["sea", "none"], rows)
    return pd.DataFrame(
        {
            "area": area,
            "rooms": rooms.astype(float),
            "garden": random.integers(0, 2, rows).astype(float),
            "age": np.where(random.random(rows) < 0.3, np.nan, random.uniform(0, 90, rows)),
            "roof": random.choice(["flat", "gable"], rows),
            "view": view,
            "style": pd.Series(random.choice(["old", "new", ""], rows)).replace("", None),
            "price": 1000 * area + 5000 * rooms + 20_000 * (view == "sea"),
        }
    )


@cache
def ames() -> tuple[Contract, pd.DataFrame, pd.DataFrame]:
    """The contract of Ames, its training sales and its holdout."""
    market = ROOT / "data" / "ames"
    contract = reader.read(market / "contract.toml")
    raw = read.read(read.paths(market / "raw"), contract)
    parted = split.split(clean.clean(raw.sales, contract).sales, contract)
    return contract, parted[parted[PART] == TRAIN], parted[parted[PART] == HOLDOUT]
