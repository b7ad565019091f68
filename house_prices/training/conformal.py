"""Prediction intervals: how far a prediction may be from the price, as a share of it.

Split-conformal, in bins of the predicted price (Mondrian: V. Vovk, A. Gammerman, G. Shafer, Algorithmic
Learning in a Random World, 2005, section 4.5). In a bin of n calibration sales, the score of a sale is
s = log(actual / predicted), and the interval leaves out alpha / 2 in each tail:

    lower = predicted * exp(the score of rank n + 1 - k)
    upper = predicted * exp(the score of rank k),    k = ceil((n + 1) (1 - alpha / 2))

In every bin, a price from the same market lies in its interval with a probability of at least 1 - alpha, and
at most 2 / (n + 1) more, because the rank is rounded up. If the market moves, newer sales weigh more: the
rank is one of weights, and the price to come weighs 1 (R. Barber, E. Candes, A. Ramdas, R. Tibshirani,
Conformal Prediction beyond Exchangeability, Annals of Statistics 51(2), 2023, section 3).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Prices = NDArray[np.float64]

ALPHA = 0.1
MOST_BINS = 5
FEWEST = 50
"""Fewest calibration sales in a bin, unless it is the only one; a sale of half the weight is half of one."""
ROUNDING = 1e-5
"""Share of the price by which a served price may differ from the fitted one; intervals are widened by it.

If prices follow an exact formula, rounding is all that an interval has to cover.
"""


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """The factors that turn a price into the ends of its prediction interval."""

    alpha: float
    """Share of the prices that may lie outside."""
    edges: tuple[float, ...]
    """[bins - 1], ascending: bin k holds the predicted prices that are above k edges."""
    lower: tuple[float, ...]
    """[bins] of factors of at most 1."""
    upper: tuple[float, ...]
    """[bins] of factors of at least 1."""
    sales: tuple[int, ...]
    """[bins] of numbers of sales that each bin was calibrated on."""
    variance: float = 0.0
    """Of the market's level at the calibration sales, on the log scale: the intervals allow for so much."""

    def around(self, price: Prices) -> tuple[Prices, Prices]:
        """Both ends for each price: [rows] each, with lower <= price <= upper even for a negative price."""
        at = np.searchsorted(self.edges, price, side="left")
        lower, upper = price * np.asarray(self.lower)[at], price * np.asarray(self.upper)[at]
        return np.minimum(lower, price), np.maximum(upper, price)


def fit(
    predicted: Prices,
    actual: Prices,
    alpha: float = ALPHA,
    *,
    weights: Prices | None = None,
    variance: float = 0.0,
) -> Intervals | None:
    """Intervals from sales that the model was not fitted on; None if they are too few.

    `weights`, of at most 1, say how much each counts; all count 1 if not given.
    """
    if (len(actual) + 1) * alpha < 2:
        return None
    score = np.log(actual / np.maximum(predicted, np.finfo(np.float32).tiny))
    weights = np.ones(len(score)) if weights is None else weights
    edges = _edges(predicted, weights, max(FEWEST, int(np.ceil(2 / alpha))))
    bins = _bins(predicted, edges)
    tails = np.array([_tails(score[at], weights[at], alpha) for at in bins])
    return Intervals(
        alpha=alpha,
        edges=tuple(map(float, edges)),
        lower=_factors(np.minimum(tails[:, 0], 0) - ROUNDING),
        upper=_factors(np.maximum(tails[:, 1], 0) + ROUNDING),
        sales=tuple(int(at.sum()) for at in bins),
        variance=variance,
    )


def _tails(scores: Prices, weights: Prices, alpha: float) -> tuple[float, float]:
    """The scores of rank n + 1 - k and k, if all weights are 1."""
    return -_upper(-scores, weights, alpha), _upper(scores, weights, alpha)


def _upper(scores: Prices, weights: Prices, alpha: float) -> float:
    """The least score that, with those below, has 1 - alpha / 2 of all weights and the next sale's."""
    order = np.argsort(scores)
    reached = np.cumsum(weights[order]) >= (weights.sum() + 1) * (1 - alpha / 2) - 1e-9  # 20 * 0.95 > 19
    return float(scores[order][np.argmax(reached) if reached.any() else -1])


def _edges(predicted: Prices, weights: Prices, fewest: int) -> NDArray[np.float32]:
    """Edges of as many equal bins as there are sales for; fewer if equal prices leave one too small."""
    for bins in range(min(MOST_BINS, int(weights.sum()) // fewest), 1, -1):
        edges = np.quantile(predicted, np.arange(1, bins) / bins).astype(np.float32)
        if min(weights[rows].sum() for rows in _bins(predicted, edges)) >= fewest:
            return edges
    return np.empty(0, dtype=np.float32)


def _bins(predicted: Prices, edges: NDArray[np.float32]) -> list[NDArray[np.bool_]]:
    """A mask of the sales in each bin."""
    at = np.searchsorted(edges, predicted, side="left")
    return [at == number for number in range(len(edges) + 1)]


def _factors(logarithms: Prices) -> tuple[float, ...]:
    """Rounded to float32, as in the graph."""
    return tuple(map(float, np.exp(logarithms).astype(np.float32)))


def coverage(actual: Prices, lower: Prices, upper: Prices) -> float:
    """Share of the prices that lie in their intervals."""
    return float(np.mean((lower <= actual) & (actual <= upper)))


def median_width(price: Prices, lower: Prices, upper: Prices) -> float:
    """Median of (upper - lower) / price: 0.3 means 15% to each side."""
    return float(np.median((upper - lower) / price))


def quintile(predicted: Prices) -> NDArray[np.int64]:
    """The fifth of the predicted prices that each belongs to, from 0 for the cheapest: [rows]."""
    return np.searchsorted(np.quantile(predicted, [0.2, 0.4, 0.6, 0.8]), predicted, side="left")


def coverage_by(
    labels: NDArray[np.generic], actual: Prices, lower: Prices, upper: Prices
) -> dict[str, tuple[int, float]]:
    """Number of sales and coverage for each label: [rows] of quintiles, choices or counts."""
    found = {}
    for label in np.unique(labels):
        at = labels == label
        found[str(label)] = (int(at.sum()), coverage(actual[at], lower[at], upper[at]))
    return found
