"""Evidence for the card beyond what the gate judges, and measuring it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from house_prices.evaluation import bootstrap
from house_prices.evaluation.evaluation import Evidence
from house_prices.model_card.view import Interval
from house_prices.training.metrics import measure

RESAMPLES = 400
MOST_SALES = 5_000
"""Of a larger holdout, the intervals are those of a draw: wider than they had to be."""
_ENDS = (2.5, 97.5)


@dataclass(frozen=True, kw_only=True)
class Further:
    """What a card shows where it is known."""

    intervals: Mapping[str, Interval] = field(default_factory=dict)
    """95% confidence intervals by metric."""
    priced: tuple[NDArray[np.float64], NDArray[np.float64], float] | None = None
    """Prediction intervals of the holdout: lower ends, upper ends, and the level promised.

    Where it is None, they are made from the manifest.
    """


def measured(evidence: Evidence) -> Further:
    """The metrics' confidence intervals. The same evidence gives the same ones."""
    seed = bootstrap.seed_of([evidence.sha256])
    return Further(intervals=intervals(evidence.actual, evidence.predicted, seed=seed))


def intervals(
    actual: NDArray[np.float64], predicted: NDArray[np.float64], *, seed: int
) -> dict[str, Interval]:
    """95% percentile bootstrap of every metric at once: scipy's would measure all for each of them."""
    draw = np.random.default_rng(seed)
    rows = draw.permutation(len(actual))[:MOST_SALES]
    again = [draw.choice(rows, len(rows)) for _ in range(RESAMPLES)]
    found = [measure(actual[some], predicted[some]) for some in again]
    ends = {name: np.percentile([one[name] for one in found], _ENDS) for name in found[0]}
    return {name: Interval(low=float(low), high=float(high)) for name, (low, high) in ends.items()}
