"""The assessment industry's figures for a price model, from r = predicted / actual.

Standard on Ratio Studies, International Association of Assessing Officers, 2013, sections 5 and appendix B.
There it is appraised value / sale price; a COD of 5 to 15, a PRD of 0.98 to 1.03, a PRB within 0.05 of 0, and
a median ratio of 0.90 to 1.10 are considered good.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Prices = NDArray[np.float64]
RESAMPLES = 500
MOST_SALES = 5_000
CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure with its bootstrap confidence interval."""

    value: float
    low: float
    high: float


def median_ratio(actual: Prices, predicted: Prices) -> float:
    """The median ratio: 1 if as many are priced too high as too low."""
    return float(np.median(predicted / actual))


def cod(actual: Prices, predicted: Prices) -> float:
    """Coefficient of dispersion: 100 mean |r - median| / median."""
    ratio = predicted / actual
    middle = np.median(ratio)
    return float(100 * np.mean(np.abs(ratio - middle)) / middle)


def prd(actual: Prices, predicted: Prices) -> float:
    """Price-related differential: mean(r) / weighted mean(r); above 1 if expensive houses are priced low."""
    return float(np.mean(predicted / actual) / (predicted.sum() / actual.sum()))


def prb(actual: Prices, predicted: Prices) -> float:
    """Price-related bias: how much the ratio changes, as a share of the median, when the value doubles.

    The slope of (r - median) / median on log2((predicted / median + actual) / 2).
    """
    ratio = predicted / actual
    middle = np.median(ratio)
    value = np.log2((predicted / middle + actual) / 2)
    if np.ptp(value) == 0:
        return 0.0
    return float(stats.linregress(value, (ratio - middle) / middle).slope)


FIGURES: Mapping[str, Callable[[Prices, Prices], float]] = {
    "median_ratio": median_ratio,
    "cod": cod,
    "prd": prd,
    "prb": prb,
}


def study(actual: Prices, predicted: Prices, *, seed: int) -> dict[str, Figure]:
    """Every figure with its 95% interval; of more than MOST_SALES sales, the intervals use a sample."""
    predicted = np.maximum(predicted, 1e-9)
    draw = np.random.default_rng(seed)
    rows = draw.permutation(len(actual))[:MOST_SALES]
    found = {}
    for name, figure in FIGURES.items():
        spread = stats.bootstrap(
            (actual[rows], predicted[rows]),
            figure,
            n_resamples=RESAMPLES,
            paired=True,
            vectorized=False,
            method="percentile",
            confidence_level=CONFIDENCE,
            rng=draw,
        ).confidence_interval
        found[name] = Figure(value=figure(actual, predicted), low=float(spread.low), high=float(spread.high))
    return found
