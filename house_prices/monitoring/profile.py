"""What a version was trained on, as drift needs to know it: the distribution of each feature and the price.

It is written beside the model, so that a champion of any age can be compared with, and holds no sale.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from house_prices.contract.schema import Contract
from house_prices.training.features import Inputs
from house_prices.training.predictions import Predictions

QUANTILES = 1000
"""A number's distribution is known to a thousandth."""
BINS = 10
PRICE = "price"
"""Beside the features, in a namespace of its own: the model's price for the training sales."""
MISSING = ""


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The distribution of a number: F(edges[i]) = below[i] of those known."""

    rows: int
    missing: float
    """Share of the rows."""
    edges: tuple[float, ...]
    """Ascending and distinct."""
    below: tuple[float, ...]
    """Share of the known values that are at most the edge."""


@dataclass(frozen=True, kw_only=True)
class Categories:
    """The distribution of a category or a flag."""

    counts: Mapping[str, int]
    """By choice; MISSING for none."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Of one version."""

    numbers: Mapping[str, Numbers]
    categories: Mapping[str, Categories]
    """Flags too: their values are 0.0 and 1.0."""
    price: Numbers
    """What the model prices the training sales at."""
    error_edges: tuple[float, ...]
    """Ends of BINS bins of the predicted price, with as many holdout sales in each."""
    errors: tuple[float, ...]
    """Mean of |predicted / actual - 1| on the holdout, by bin."""

    def to_json(self) -> bytes:
        """UTF-8 JSON."""
        return json.dumps(asdict(self), ensure_ascii=False).encode() + b"\n"


def from_json(content: bytes) -> Profile:
    """Read what `to_json` wrote."""
    values = json.loads(content)
    return Profile(
        numbers={name: _numbers(of) for name, of in values["numbers"].items()},
        categories={name: Categories(**of) for name, of in values["categories"].items()},
        price=_numbers(values["price"]),
        error_edges=tuple(values["error_edges"]),
        errors=tuple(values["errors"]),
    )


def _numbers(values: Mapping[str, Any]) -> Numbers:
    ends = {name: tuple(values[name]) for name in ("edges", "below")}
    return Numbers(rows=values["rows"], missing=values["missing"], **ends)


def profile(houses: Inputs, prices: NDArray[np.float64], holdout: Predictions, contract: Contract) -> Profile:
    """Of the training houses with their prices by the model, and of the holdout."""
    numbers, categories = {}, {}
    for column, feature in enumerate(contract.numbers):
        values = houses.numbers[:, column].astype(np.float64)
        if feature.kind == "flag":
            texts = np.where(np.isnan(values), MISSING, values.astype(str))
            categories[feature.name] = counted(texts)
        else:
            numbers[feature.name] = distribution(values)
    for column, feature in enumerate(contract.categories):
        categories[feature.name] = counted(houses.categories[:, column])
    edges = np.unique(np.quantile(holdout.price, np.arange(1, BINS) / BINS))
    error = np.abs(holdout.price / holdout.actual - 1)
    at = np.searchsorted(edges, holdout.price, side="left")
    means = [
        float(error[at == number].mean()) if (at == number).any() else float(error.mean())
        for number in range(len(edges) + 1)
    ]
    return Profile(
        numbers=numbers,
        categories=categories,
        price=distribution(prices),
        error_edges=tuple(edges.tolist()),
        errors=tuple(means),
    )


def distribution(values: NDArray[np.float64]) -> Numbers:
    """Of a number's values; NaN is missing."""
    known = np.sort(values[~np.isnan(values)])
    missing = 1 - len(known) / len(values) if len(values) else 0.0
    if not len(known):
        return Numbers(rows=len(values), missing=missing, edges=(), below=())
    edges = np.unique(np.quantile(known, np.linspace(0, 1, QUANTILES + 1), method="inverted_cdf"))
    below = np.searchsorted(known, edges, side="right") / len(known)
    return Numbers(
        rows=len(values), missing=missing, edges=tuple(edges.tolist()), below=tuple(below.tolist())
    )


def counted(texts: NDArray[np.object_] | NDArray[np.str_]) -> Categories:
    """Of a category's values."""
    found = pd.Series(texts).value_counts()
    return Categories(counts={str(name): int(count) for name, count in found.items()})
