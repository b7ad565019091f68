"""The prediction intervals that a version was published with, and how they did on the holdout."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from house_prices.evaluation.evaluation import Evidence
from house_prices.model_card import view
from house_prices.model_card.wording import count
from house_prices.registry import Manifest
from house_prices.training.conformal import Intervals

Priced = tuple[NDArray[np.float64], NDArray[np.float64], float]
"""Lower ends, upper ends, and the level promised."""


def calibrated(manifest: Manifest) -> Intervals | None:
    """None where the model has no intervals."""
    kept = manifest.training.get("intervals")
    if not isinstance(kept, Mapping):
        return None
    return Intervals(
        alpha=float(kept["alpha"]),
        edges=tuple(kept["edges"]),
        lower=tuple(kept["lower"]),
        upper=tuple(kept["upper"]),
        sales=tuple(kept["sales"]),
    )


def around(interval: Intervals, predicted: NDArray[np.float64]) -> Priced:
    """The intervals of the holdout's prices."""
    return (*interval.around(predicted), 1 - interval.alpha)


def shown(manifest: Manifest, found: Evidence) -> view.Intervals | None:
    """What the holdout says of them; None where the model has none."""
    if found.interval is None:
        return None
    kept = calibrated(manifest)
    return view.Intervals(
        level=1 - kept.alpha if kept else manifest.contract.gate.coverage,
        coverage=found.interval.coverage,
        width=found.interval.median_width,
        calibrated=_described(kept) if kept else "",
    )


def _described(interval: Intervals) -> str:
    bins = len(interval.sales)
    places = "" if bins == 1 else f", in {bins} bins of the predicted price"
    sales = count(sum(interval.sales))
    return f"They were calibrated on {sales} sales that the model was not fitted on{places}."
