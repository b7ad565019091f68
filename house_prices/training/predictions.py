"""Sold houses, each with its actual price and a model's prediction."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Prices = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """A model's predictions for sold houses. The model is asked once; everything else reads this."""

    actual: Prices
    """[rows], in the target's unit."""
    price: Prices
    """[rows], the model's."""
    lower: Prices | None = None
    """[rows], the lower ends of the prediction intervals; None if the model has none."""
    upper: Prices | None = None
    """[rows], the upper ends."""

    def __len__(self) -> int:
        return len(self.actual)

    def __getitem__(self, rows: slice | Rows | NDArray[np.bool_]) -> "Predictions":
        return Predictions(
            actual=self.actual[rows],
            price=self.price[rows],
            lower=None if self.lower is None else self.lower[rows],
            upper=None if self.upper is None else self.upper[rows],
        )

    @property
    def within(self) -> NDArray[np.bool_] | None:
        """[rows]: whether the actual price lies in the interval; None without intervals."""
        if self.lower is None or self.upper is None:
            return None
        return (self.lower <= self.actual) & (self.actual <= self.upper)
