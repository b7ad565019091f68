"""Houses and prices as arrays, between codecs and models."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NUMBERS, CATEGORIES, VALUATION_DATE = "numbers", "categories", "valuation_date"


PRICE, INTERVAL = "price", ("price_lower", "price_upper")


Floats = NDArray[np.float32]


Texts = NDArray[np.object_]


@dataclass(kw_only=True, slots=True)
class Inputs:
    """Houses as the model takes them, columns in the contract's order."""

    numbers: Floats
    """[rows, numbers]; NaN is a missing value."""
    categories: Texts
    """[rows, categories]; "" is a missing value."""
    days: Floats | None = None
    """[rows]: valuation dates in days from 1970-01-01. NaN is the model's reference date; None: all are."""
    valuation_date: str = ""
    """As the caller wrote it, for all houses; empty if the caller gave none, or gave `days`."""
    references: Sequence[str] = ()
    """The caller's name for each house, "" for none; empty if no house has one. Never a model's input."""
    in_range: bool = False
    """Whether every number is known to be within the ranges of the training data."""

    def __getitem__(self, rows: slice | NDArray[np.intp]) -> "Inputs":
        """What the model takes of some rows."""
        return Inputs(
            numbers=self.numbers[rows],
            categories=self.categories[rows],
            days=None if self.days is None else self.days[rows],
        )

    @property
    def rows(self) -> int:
        """How many houses there are."""
        return len(self.numbers)


@dataclass(kw_only=True, slots=True)
class Prices:
    """The model's output, each [rows], in the target's unit."""

    price: Floats
    lower: Floats | None
    """Lower end of the prediction interval; None if the model has none."""
    upper: Floats | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Contribution:
    """What one feature does to a price, or flags of which exactly one is true."""

    features: tuple[str, ...]
    amount: float
    """It adds so much, in the target's unit."""
    factor: float | None
    """It multiplies the price by so much; None if the model is not fitted on the logarithm of the price."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Why a house has its price: the base and all amounts sum to it, as the base times all factors does."""

    price: float
    base: float
    """What the model answers for typical sales."""
    contributions: tuple[Contribution, ...]
    """The largest first."""
