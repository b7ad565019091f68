"""Sales of huts, and their contract with a blend to train: every kind of feature, learnt in a moment."""

from typing import Any

import numpy as np
import pandas as pd

from house_prices.contract.schema import Contract
from tests import models

PARAMETERS: dict[str, object] = {"share": 0.25, "alpha": 3.0, "max_iter": 30, "min_samples_leaf": 5}


def contract(*, log: bool) -> Contract:
    """The contract of huts, whose area is a measure: where the price is a logarithm, so is the area."""
    target = {"column": "Price", "unit": "EUR", "log": log}
    candidates = {"blend": {name: [value] for name, value in PARAMETERS.items()}}
    return models.contract(target=target, training={"candidates": candidates, "folds": 2})


def sales(rows: int = 200) -> pd.DataFrame:
    """Huts at 1000 for a square metre, with ages and styles that are not always known."""
    random = np.random.default_rng(0)
    area = random.uniform(20, 200, rows)
    known: dict[str, Any] = {
        "area": area,
        "rooms": random.integers(1, 9, rows).astype(float),
        "garden": random.integers(0, 2, rows).astype(float),
        "age": np.where(random.random(rows) < 0.2, np.nan, random.uniform(0, 90, rows)),
        "roof": random.choice(["flat", "gable"], rows),
        "view": random.choice(["sea", "none"], rows),
        "style": random.choice(["old", "new", None], rows),
    }
    return pd.DataFrame({**known, "price": 1000 * area * random.uniform(0.9, 1.1, rows)})
