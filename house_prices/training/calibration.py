"""Calibration: prediction intervals from sales that a model was not fitted on."""

from dataclasses import replace

import numpy as np
import pandas as pd

from house_prices.contract.schema import Contract
from house_prices.training import conformal
from house_prices.training.features import inputs, prices
from house_prices.training.fitted import Fitted
from house_prices.training.search import Unseen
from house_prices.training.time_adjustment import NOTHING

_HALF_LIFE_DAYS = 90
"""Age at which a sale counts half as much in calibration as the newest; longer if they would be too few."""
_WEIGHT = 500
"""Sales that are enough to calibrate all bins of intervals: in fewer, a rank's rounding makes them wide."""
_ENOUGH = 250
"""Calibration sales that are enough by themselves; if dates count, they are the newest."""


def calibrate(fitted: Fitted, sales: pd.DataFrame, contract: Contract) -> Fitted:
    """Add prediction intervals, calibrated on sales that it was not fitted on.

    If `sales` is empty, the sales that the folds held back calibrate; if dates count, they also join a few
    sales, and newer ones weigh more.
    """
    unseen = fitted.unseen
    if not sales.empty:
        aside = _set_aside(fitted, sales, contract)
        few = fitted.time is not None and len(sales) < _ENOUGH
        unseen = unseen.followed_by(aside) if unseen and few else aside
    if unseen is None:
        return fitted
    if fitted.time is None or unseen.days is None:
        return replace(fitted, intervals=conformal.fit(unseen.price, unseen.actual))
    weights = np.ones(len(unseen.days))
    if len(sales) < _ENOUGH:
        weights = _newer_count_more(unseen.days.max() - unseen.days)
    found = conformal.fit(
        unseen.price,
        unseen.actual,
        weights=weights,
        variance=float(np.average(unseen.variance, weights=weights)),
    )
    return replace(fitted, intervals=found)


def _newer_count_more(age: np.ndarray) -> np.ndarray:
    """Weights of calibration sales by age in days: [rows]. The older count more if the newer are too few."""
    half_life, oldest = float(_HALF_LIFE_DAYS), float(age.max())
    weights = 0.5 ** (age / half_life)
    while weights.sum() < min(_WEIGHT, 0.9 * len(age)) and half_life < 10 * oldest:
        half_life *= 1.5
        weights = 0.5 ** (age / half_life)
    return np.asarray(weights)


def _set_aside(fitted: Fitted, sales: pd.DataFrame, contract: Contract) -> Unseen:
    houses = inputs(sales, contract)
    return Unseen(
        days=houses.days,
        actual=prices(sales, contract),
        price=fitted.predict(houses),
        variance=(fitted.time or NOTHING).variance_of(houses),
    )
