"""Whether a candidate prices better than the champion on the same sales, or only by chance.

The difference is d = RMSLE of the candidate / RMSLE of the champion - 1, so that -0.05 is 5% better. Its
spread comes from the paired bootstrap (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13),
which draws whole properties: the sales of one are not independent.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Prices = NDArray[np.float64]

RESAMPLES = 10_000
MOST_GROUPS = 5_000
"""In a larger holdout, properties are grouped at random; the spread of the sums stays the same."""
MOST_SALES = 5_000
"""A median, which is not a sum, is compared on a random sample of a larger holdout."""

_BATCH = 250
"""Resamples held in memory at once."""


@dataclass(frozen=True, kw_only=True)
class PairedErrors:
    """Squared log errors of candidate and champion on the same sales."""

    candidate: Prices
    """[sales]: squared difference of log(1 + price)."""
    champion: Prices
    """[sales]: the same of the champion."""
    groups: NDArray[np.uint64]
    """[sales]: equal for the sales of one property."""

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, rows: NDArray[np.int64]) -> "PairedErrors":
        return PairedErrors(
            candidate=self.candidate[rows], champion=self.champion[rows], groups=self.groups[rows]
        )


@dataclass(frozen=True, kw_only=True)
class Difference:
    """d with its bootstrap distribution."""

    estimate: float
    distribution: Prices
    """[RESAMPLES]"""
    sales: int

    def low(self, alpha: float) -> float:
        """One-sided lower bound at level alpha."""
        return float(np.quantile(self.distribution, alpha))

    def high(self, alpha: float) -> float:
        """One-sided upper bound at level alpha."""
        return float(np.quantile(self.distribution, 1 - alpha))

    def chance_of_at_most(self, limit: float) -> float:
        """One-sided p-value of d being at most `limit`, counting the sample itself as one resample."""
        below = int(np.count_nonzero(self.distribution <= limit))
        return (below + 1) / (len(self.distribution) + 1)


def errors(
    actual: Prices, candidate: Prices, champion: Prices, groups: NDArray[np.uint64], *, resolution: float
) -> PairedErrors:
    """Squared log errors. One below `resolution` counts as `resolution`: such a difference is rounding."""
    return PairedErrors(
        candidate=_squared_log_error(actual, candidate, resolution),
        champion=_squared_log_error(actual, champion, resolution),
        groups=groups,
    )


def _squared_log_error(actual: Prices, predicted: Prices, resolution: float) -> Prices:
    error = np.abs(np.log1p(np.maximum(predicted, 0)) - np.log1p(actual))
    return np.asarray(np.square(np.maximum(error, resolution)))


def compare(measured: PairedErrors, *, seed: int) -> Difference:
    """The difference on these sales, with its distribution. The same seed gives the same distribution."""
    candidate, champion = _sums_by_group(measured, seed)
    found = stats.bootstrap(
        (candidate, champion),
        _relative_difference,
        n_resamples=RESAMPLES,
        batch=_BATCH,
        paired=True,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(seed),
    )
    every = _relative_difference(measured.candidate, measured.champion)
    return Difference(
        estimate=float(every), distribution=np.asarray(found.bootstrap_distribution), sales=len(measured)
    )


def _relative_difference(candidate: Prices, champion: Prices, axis: int = -1) -> Prices:
    return np.asarray(np.sqrt(candidate.sum(axis=axis) / champion.sum(axis=axis)) - 1)


def _sums_by_group(measured: PairedErrors, seed: int) -> tuple[Prices, Prices]:
    """Both models' squared errors, summed for each property or group of properties."""
    properties, property_of = np.unique(measured.groups, return_inverse=True)
    group_of = np.random.default_rng(seed).permutation(len(properties)) % MOST_GROUPS
    groups = group_of[property_of]
    return (
        np.bincount(groups, weights=measured.candidate).astype(np.float64),
        np.bincount(groups, weights=measured.champion).astype(np.float64),
    )


def median_error_ratio(
    actual: Prices, candidate: Prices, champion: Prices, *, resolution: float, seed: int, alpha: float
) -> tuple[float, float]:
    """MdAPE of the candidate / MdAPE of the champion, and its one-sided upper bound at level alpha.

    As in `errors`, an error below `resolution` counts as `resolution`.
    """
    draw = np.random.default_rng(seed)
    rows = draw.permutation(len(actual))[:MOST_SALES]
    mine, theirs = (
        np.maximum(np.abs(predicted[rows] / actual[rows] - 1), resolution)
        for predicted in (candidate, champion)
    )
    found = stats.bootstrap(
        (mine, theirs),
        _ratio_of_medians,
        n_resamples=RESAMPLES // 10,
        batch=_BATCH,
        paired=True,
        vectorized=True,
        method="percentile",
        confidence_level=1 - 2 * alpha,
        rng=draw,
    )
    return float(_ratio_of_medians(mine, theirs)), float(found.confidence_interval.high)


def _ratio_of_medians(candidate: Prices, champion: Prices, axis: int = -1) -> Prices:
    return np.asarray(np.median(candidate, axis=axis) / np.median(champion, axis=axis))


def holm(p_values: Mapping[str, float], alpha: float) -> list[str]:
    """Names whose hypothesis is rejected at a family-wise error of alpha.

    S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6,
    1979.
    """
    rejected = []
    ordered = sorted(p_values.items(), key=lambda item: item[1])
    for rank, (name, p_value) in enumerate(ordered):
        if p_value > alpha / (len(ordered) - rank):
            break
        rejected.append(name)
    return rejected


def seed_of(names: Sequence[str]) -> int:
    """A seed derived from these names, such as the hashes of holdout, candidate and champion."""
    return int.from_bytes(hashlib.sha256("\n".join(names).encode()).digest()[:8], "big")


def spend(evaluations: int) -> float:
    """Level of the k-th test on one holdout: 0.05 / (k (k + 1)), which sums to 0.05 over all k."""
    return 0.05 / (evaluations * (evaluations + 1))
