"""Prediction intervals: how far an answer may be from the price, as shares of it.

Split-conformal, in bins of the predicted price (Mondrian: V. Vovk, A. Gammerman, G. Shafer, Algorithmic
Learning in a Random World, 2005, section 4.5). Within a bin of n calibration sales the score of a sale is
s = log(actual / predicted), and the interval leaves out alpha / 2 in either tail:

    lower = predicted * exp(the score of rank n + 1 - k)
    upper = predicted * exp(the score of rank k),    k = ceil((n + 1) (1 - alpha / 2))

A price of the same market lies within with a chance of 1 - alpha at least, in every bin; rounding the rank
up makes it as much as 2 / (n + 1) more.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Prices = NDArray[np.float64]

ALPHA = 0.1
MOST_BINS = 5
FEWEST = 50
"""Calibration sales that a bin should have, unless it is the only one."""
ROUNDING = 1e-5
"""Share of the price by which a served price may differ from the fitted one; intervals are wider by it.

Where prices follow an exact law, nothing but rounding is left for an interval to cover.
"""


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """What a price is multiplied by, to get the ends of its interval."""

    alpha: float
    """Share of the prices that lie outside."""
    edges: tuple[float, ...]
    """[bins - 1], ascending: bin k holds predicted prices above k of them."""
    lower: tuple[float, ...]
    """[bins] of factors up to 1."""
    upper: tuple[float, ...]
    """[bins] of factors from 1."""
    sales: tuple[int, ...]
    """[bins]: sales that each bin was calibrated on."""

    def around(self, price: Prices) -> tuple[Prices, Prices]:
        """Both ends for each price: [rows], lower <= price <= upper even where a price is below 0."""
        at = np.searchsorted(self.edges, price, side="left")
        lower, upper = price * np.asarray(self.lower)[at], price * np.asarray(self.upper)[at]
        return np.minimum(lower, price), np.maximum(upper, price)


def fit(predicted: Prices, actual: Prices, alpha: float = ALPHA) -> Intervals | None:
    """Intervals from sales that the model was not fitted on; None where they are too few for the ranks."""
    if (len(actual) + 1) * alpha < 2:
        return None
    score = np.log(actual / np.maximum(predicted, np.finfo(np.float32).tiny))
    edges = _edges(predicted, max(FEWEST, int(np.ceil(2 / alpha))))
    bins = [score[at] for at in _bins(predicted, edges)]
    tails = np.array([_tails(scores, alpha) for scores in bins])
    return Intervals(
        alpha=alpha,
        edges=tuple(map(float, edges)),
        lower=_factors(np.minimum(tails[:, 0], 0) - ROUNDING),
        upper=_factors(np.maximum(tails[:, 1], 0) + ROUNDING),
        sales=tuple(map(len, bins)),
    )


def _tails(scores: Prices, alpha: float) -> tuple[float, float]:
    """The scores of rank n + 1 - k and k."""
    rank = math.ceil((len(scores) + 1) * (1 - alpha / 2) - 1e-9)  # 20 * 0.95 may come out above 19
    ordered = np.sort(scores)
    return float(ordered[len(scores) - rank]), float(ordered[rank - 1])


def _edges(predicted: Prices, fewest: int) -> NDArray[np.float32]:
    """As many bins of equal size as there are sales for; fewer where equal prices leave one too small."""
    for bins in range(min(MOST_BINS, len(predicted) // fewest), 1, -1):
        edges = np.quantile(predicted, np.arange(1, bins) / bins).astype(np.float32)
        if min(map(np.count_nonzero, _bins(predicted, edges))) >= fewest:
            return edges
    return np.empty(0, dtype=np.float32)


def _bins(predicted: Prices, edges: NDArray[np.float32]) -> list[NDArray[np.bool_]]:
    """Which sales lie in each bin."""
    at = np.searchsorted(edges, predicted, side="left")
    return [at == number for number in range(len(edges) + 1)]


def _factors(logarithms: Prices) -> tuple[float, ...]:
    """In float32, as the graph holds them."""
    return tuple(map(float, np.exp(logarithms).astype(np.float32)))


def coverage(actual: Prices, lower: Prices, upper: Prices) -> float:
    """Share of the prices that lie within their intervals."""
    return float(np.mean((lower <= actual) & (actual <= upper)))


def median_width(price: Prices, lower: Prices, upper: Prices) -> float:
    """The middle of (upper - lower) / price: 0.3 is 15% to either side."""
    return float(np.median((upper - lower) / price))


def quintile(predicted: Prices) -> NDArray[np.int64]:
    """Which fifth of the predicted prices each belongs to, from 0, the cheapest: [rows]."""
    return np.searchsorted(np.quantile(predicted, [0.2, 0.4, 0.6, 0.8]), predicted, side="left")


def coverage_by(
    labels: NDArray[np.generic], actual: Prices, lower: Prices, upper: Prices
) -> dict[str, tuple[int, float]]:
    """Sales and coverage of each slice, which its label names: [rows] of quintiles, choices, or counts."""
    found = {}
    for label in np.unique(labels):
        at = labels == label
        found[str(label)] = (int(at.sum()), coverage(actual[at], lower[at], upper[at]))
    return found
