"""Huts sold in one year, at prices that rise."""

import numpy as np
import pandas as pd

from house_prices.contract.schema import Contract
from tests import hut_sales, models

RISE = 0.3
"""Of the logarithm of prices, a year."""


def contract(*methods: str, **changes: object) -> Contract:
    """Their contract; `methods` of time adjustment are compared, or all."""
    return models.contract(
        target={"column": "Price", "unit": "EUR", "log": True},
        keys={"sold": ["Sold"]},
        training={"candidates": {"hist_gradient_boosting": {"max_iter": [40]}}, "folds": 3},
        **({"time": {"adjust": list(methods)}} if methods else {}),
        **changes,
    )


def sales(rows: int = 900, *, rise: float = RISE, days: int = 360) -> pd.DataFrame:
    """Day by day from 2020-01-01 on."""
    draw = np.random.default_rng(1)
    day = np.sort(draw.integers(0, days, rows))
    on = pd.Timestamp("2020-01-01") + pd.to_timedelta(day, unit="D")
    sold = on.year * 10_000 + on.month * 100 + on.day
    huts = hut_sales.sales(rows)
    return huts.assign(sold=sold.astype(float), price=huts["price"] * np.exp(rise * day / 365.25))
