"""A fitted model, and what its training found out."""

from dataclasses import dataclass

import numpy as np
from sklearn.compose import TransformedTargetRegressor

from house_prices.training import fitting
from house_prices.training.ahead import Ahead
from house_prices.training.conformal import Intervals
from house_prices.training.features import Inputs
from house_prices.training.fitting import Learned
from house_prices.training.search import Trial, Unseen
from house_prices.training.time_adjustment import TimeAdjustment


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """The best estimator, fitted on every training sale."""

    model: TransformedTargetRegressor
    """Prices as of the reference date, from `time.features`; use `predict`."""
    best: Trial
    trials: tuple[Trial, ...]
    """Every setting tried, the best first."""
    cross_validation: dict[str, float]
    """Every metric of the best setting, from predictions for sales it was not fitted on."""
    rows: int
    """Number of sales it was fitted on."""
    search_rows: int
    """Number of sales that the estimators were compared on."""
    intervals: Intervals | None = None
    """None if they are not calibrated, or if there are too few sales for it."""
    time: TimeAdjustment | None = None
    """None if dates do not count: there are none, or too few, or the contract says so."""
    unseen: Unseen | None = None
    """The sales that the folds held back, priced with the best setting."""
    ahead: tuple[Ahead, ...] = ()
    """Errors of the best setting by how far ahead it priced; empty if the folds do not look forward."""
    learning_curve: tuple[Learned, ...] = ()
    """Of the best setting, the fewest sales first; empty if it was fitted on all of them at once."""

    def predict(self, houses: Inputs) -> np.ndarray:
        """The price of each house as of its valuation date: [rows]."""
        return fitting.predict(self.model, self.time, houses)
