"""How well sales are priced by how far ahead of the newest known sale they were made."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from house_prices.training.metrics import rmsle

_UP_TO_DAYS = (30, 61, 91, 183, 365, 730)


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """Sales made about equally long after the newest sale that their model was fitted on."""

    days: int
    """At most so many after it; more than in the entry before."""
    sales: int
    rmsle: float
    median_ratio: float
    """Median of predicted / actual."""

    def __str__(self) -> str:
        return f"up to {self.days} days ahead RMSLE {self.rmsle:.4f}"


def by_ahead(
    days: NDArray[np.floating], actual: NDArray[np.float64], price: NDArray[np.float64]
) -> list[Ahead]:
    """The errors of predictions made so many days ahead: [rows] each. Empty for no rows."""
    return list(_by_ahead(days, actual, price))


def _by_ahead(
    days: NDArray[np.floating], actual: NDArray[np.float64], price: NDArray[np.float64]
) -> Iterator[Ahead]:
    edges = [edge for edge in _UP_TO_DAYS if edge < days.max(initial=0)]
    bins = np.searchsorted(edges, days, side="left")
    for number, edge in enumerate([*edges, int(days.max(initial=0))]):
        rows = bins == number
        if rows.any():
            yield Ahead(
                days=edge,
                sales=int(rows.sum()),
                rmsle=rmsle(actual[rows], price[rows]),
                median_ratio=float(np.median(price[rows] / actual[rows])),
            )
