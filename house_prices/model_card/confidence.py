"""Confidence intervals of the metrics on the holdout."""

import numpy as np

from house_prices.evaluation import bootstrap
from house_prices.evaluation.evaluation import Evaluation
from house_prices.model_card.view import ConfidenceInterval
from house_prices.training.metrics import measure

RESAMPLES = 400
MOST_SALES = 5_000
"""A larger holdout is sampled: the intervals come out wider than they need to be."""
_ENDS = (2.5, 97.5)


def metric_intervals(evaluation: Evaluation) -> dict[str, ConfidenceInterval]:
    """95% percentile bootstrap of every metric. The same evaluation gives the same intervals.

    All metrics are measured on each resample at once; scipy's bootstrap would measure all for each metric.
    """
    found = evaluation.predictions
    draw = np.random.default_rng(bootstrap.seed_of([evaluation.sha256]))
    rows = draw.permutation(len(found))[:MOST_SALES]
    resamples = [draw.choice(rows, len(rows)) for _ in range(RESAMPLES)]
    measured = [measure(found.actual[some], found.price[some]) for some in resamples]
    ends = {name: np.percentile([one[name] for one in measured], _ENDS) for name in measured[0]}
    return {name: ConfidenceInterval(low=float(low), high=float(high)) for name, (low, high) in ends.items()}
