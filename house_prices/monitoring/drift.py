"""Whether served houses and prices are like those that the champion was trained on.

A feature's effect size is a distance from 0 to 1 between two distributions: of numbers the largest
difference between their distribution functions, a missing value being below every number
(Kolmogorov-Smirnov); of categories and flags half the sum of the differences of their shares (total
variation). The p-value is that of the Kolmogorov-Smirnov or the chi-squared test. Drift is a distance of at
least the contract's `drift` which is beyond chance after correction for the number of features (Benjamini and
Hochberg, 1995): with many houses every difference is significant, and with few a large one may be chance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from house_prices.contract.schema import Contract
from house_prices.monitoring import served
from house_prices.monitoring.profile import MISSING, Categories, Numbers, Profile, counted, distribution
from house_prices.monitoring.served import FEATURE, File

MOST_ROWS = 200_000
"""Served houses that are compared, evenly spread: they tell a distance to within half a hundredth."""
LEVEL = 0.01
"""Share of false alarms among the features that are said to have drifted."""


@dataclass(frozen=True, kw_only=True)
class FeatureDrift:
    """One feature, or the price."""

    name: str
    distance: float
    """From 0 to 1."""
    p_value: float
    """Corrected for the number of features."""
    drifted: bool
    training: Numbers | Categories
    served: Numbers | Categories


@dataclass(frozen=True, kw_only=True)
class Drift:
    """All features of one version."""

    version: int
    houses: int
    """Served houses that were compared."""
    of: int
    """Served houses that there were."""
    since: str
    features: Sequence[FeatureDrift]
    """The most drifted first."""
    price: FeatureDrift | None
    """None if the version has served none of these houses."""
    expected_error: float | None
    """Mean of |predicted / actual - 1| to expect on the served houses: the holdout's in each bin of predicted
    prices, weighted by how many served prices are in it. It holds only if houses of one price are as hard to
    price as they were: it sees other houses, and not another market. None without prices."""

    @property
    def drifted(self) -> list[FeatureDrift]:
        """The features that have drifted."""
        return [feature for feature in self.features if feature.drifted]

    @property
    def share(self) -> float:
        """Of the features."""
        return len(self.drifted) / max(len(self.features), 1)


def compare(
    folder: Path, version: int, profile: Profile, contract: Contract, *, since: str, most: int = MOST_ROWS
) -> Drift | None:
    """Houses served since a day, against a version's training sample. None if there are none.

    Inputs are of every version that served; prices of this one alone.
    """
    files = served.files(folder, since=since)
    total = served.rows(files).total()
    if not total:
        return None
    columns, prices = _sample(files, version, profile, total, most)
    found = [_of_numbers(name, known, columns[name]) for name, known in profile.numbers.items()]
    found += [_of_categories(name, known, columns[name]) for name, known in profile.categories.items()]
    price = [_of_numbers("price", profile.price, prices)] if len(prices) else []
    judged = _judged([*found, *price], contract.monitoring.drift)
    features = sorted(judged[: len(found)], key=lambda one: -one.distance)
    return Drift(
        version=version,
        houses=len(next(iter(columns.values()))) if columns else len(prices),
        of=total,
        since=since,
        features=features,
        price=judged[-1] if price else None,
        expected_error=_expected_error(profile, prices) if len(prices) else None,
    )


def _sample(
    files: Sequence[File], version: int, profile: Profile, total: int, most: int
) -> tuple[Mapping[str, NDArray[Any]], NDArray[np.float64]]:
    """Every so many-th house: its features, and its price if the version gave it."""
    step = max(1, -(-total // most))
    names = [*profile.numbers, *profile.categories]
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in names}
    prices = [np.empty(0)]
    first = 0
    for file in files:
        for table in served.read(file, [f"{FEATURE}{name}" for name in names] + ["price"]):
            some = table.take(pa.array(np.arange(-first % step, table.num_rows, step)))
            first += table.num_rows
            if file.version == version:
                prices.append(some["price"].to_numpy().astype(np.float64))
            for name, found in parts.items():
                column = some[f"{FEATURE}{name}"]
                found.append(_numbers(column) if name in profile.numbers else _texts(column))
    return {name: np.concatenate(found) for name, found in parts.items()}, np.concatenate(prices)


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """NaN for what is missing, and for what was a text in another version of the contract."""
    if not pa.types.is_floating(column.type):
        return np.full(len(column), np.nan)
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _texts(column: pa.ChunkedArray) -> NDArray[np.object_]:
    """Choices, and flags as a profile has them."""
    if pa.types.is_floating(column.type):
        values = column.to_numpy()
        return np.where(np.isnan(values), MISSING, values.astype(str)).astype(object)
    return np.array(["" if text is None else text for text in column.to_pylist()], dtype=object)


def _of_numbers(name: str, known: Numbers, values: NDArray[np.float64]) -> FeatureDrift:
    came = distribution(values)
    edges = np.union1d(known.edges, came.edges)
    distance = float(np.max(np.abs(_below(known, edges) - _below(came, edges)), initial=0.0))
    distance = max(distance, abs(known.missing - came.missing))
    both = known.rows * came.rows / max(known.rows + came.rows, 1)
    p_value = float(stats.kstwo.sf(distance, max(1, round(both)))) if distance else 1.0
    return FeatureDrift(
        name=name, distance=distance, p_value=p_value, drifted=False, training=known, served=came
    )


def _below(of: Numbers, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of all rows that are missing or at most each edge."""
    at = np.searchsorted(of.edges, edges, side="right")
    known = np.concatenate([[0.0], of.below])[at]
    return np.asarray(of.missing + (1 - of.missing) * known)


def _of_categories(name: str, known: Categories, texts: NDArray[np.object_]) -> FeatureDrift:
    came = counted(texts)
    choices = sorted({*known.counts, *came.counts})
    table = np.array([[of.counts.get(choice, 0) for choice in choices] for of in (known, came)], np.float64)
    shares = table / table.sum(axis=1, keepdims=True)
    distance = float(np.abs(shares[0] - shares[1]).sum() / 2)
    p_value = float(stats.chi2_contingency(table).pvalue) if len(choices) > 1 else 1.0
    return FeatureDrift(
        name=name, distance=distance, p_value=p_value, drifted=False, training=known, served=came
    )


def _judged(found: Sequence[FeatureDrift], least: float) -> list[FeatureDrift]:
    corrected = stats.false_discovery_control([one.p_value for one in found], method="bh")
    return [
        FeatureDrift(
            name=one.name,
            distance=one.distance,
            p_value=float(p_value),
            drifted=bool(one.distance >= least and p_value < LEVEL),
            training=one.training,
            served=one.served,
        )
        for one, p_value in zip(found, corrected, strict=True)
    ]


def _expected_error(profile: Profile, prices: NDArray[np.float64]) -> float:
    at = np.searchsorted(profile.error_edges, prices, side="left")
    return float(np.array(profile.errors)[at].mean())
