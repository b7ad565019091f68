"""Fitting the best estimator: on all sales, or on ever more for as long as they help."""

import math
from dataclasses import dataclass

import numpy as np
from sklearn.compose import TransformedTargetRegressor

from house_prices.contract.schema import Contract
from house_prices.progress import Tell
from house_prices.training import estimators
from house_prices.training.features import Inputs
from house_prices.training.metrics import rmsle
from house_prices.training.search import Trial
from house_prices.training.time_adjustment import NOTHING, TimeAdjustment

_FEWEST, _JUDGED = 50_000, 50_000
"""Sales that a learning curve begins with, and those that it is measured on."""


@dataclass(frozen=True, kw_only=True)
class Learned:
    """How well a model that was fitted on so many sales prices others."""

    rows: int
    rmsle: float


def fit(
    best: Trial, houses: Inputs, price: np.ndarray, contract: Contract, time: TimeAdjustment | None
) -> TransformedTargetRegressor:
    """The estimator and setting of a trial, fitted on sales: a price [rows] for each house."""
    time = time or NOTHING
    model = estimators.build(best.estimator, best.parameters, time.contract(contract))
    weights = time.weights(houses.days)
    weighted = {} if weights is None else {"model__sample_weight": weights}
    return model.fit(time.features(houses).joined, price / time.factor(houses.days), **weighted)


def predict(model: TransformedTargetRegressor, time: TimeAdjustment | None, houses: Inputs) -> np.ndarray:
    """The price of each house as of its valuation date: [rows]."""
    time = time or NOTHING
    price = model.predict(time.features(houses).joined)
    return np.asarray(price * time.factor(houses.days), dtype=np.float64)


def fit_on_enough(
    best: Trial,
    houses: Inputs,
    price: np.ndarray,
    contract: Contract,
    time: TimeAdjustment | None,
    tell: Tell,
) -> tuple[TransformedTargetRegressor, list[Learned]]:
    """Fit on twice as many sales again and again, until the last ones are priced hardly better by it.

    On all of them at once if the contract's engine holds them in memory, or if they are few.
    """
    if contract.engine.in_memory or len(price) < 2 * _FEWEST:
        tell(f"fitting {best.estimator} on {len(price)} sales")
        return fit(best, houses, price, contract, time), []
    judged = slice(-_JUDGED, None)
    most, rows, curve = len(price) - _JUDGED, _FEWEST, list[Learned]()
    while True:
        tell(f"fitting {best.estimator} on {rows} sales")
        model = fit(best, houses[:rows], price[:rows], contract, time)
        error = rmsle(price[judged], predict(model, time, houses[judged]))
        gain = 1 - error / curve[-1].rmsle if curve else math.inf
        curve.append(Learned(rows=rows, rmsle=error))
        if rows == most or gain < contract.training.least_gain:
            return model, curve
        rows = min(2 * rows, most)
