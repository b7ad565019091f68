"""A model's inputs: sales as the arrays that training, export and serving share."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from house_prices.contract.schema import Contract
from house_prices.sales import dates
from house_prices.sales.columns import SOLD

VALUATION_DATE = "valuation_date"
"""Name of the model's optional input."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Houses as the ONNX graph's input arrays."""

    numbers: NDArray[np.float32]
    """[rows, numbers]; NaN if a value is missing."""
    categories: NDArray[np.object_]
    """[rows, categories] of str; "" if a value is missing."""
    days: NDArray[np.float32] | None = None
    """[rows]: valuation dates in days from 1970-01-01. NaN is the model's reference date; None: all are."""

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> "Inputs":
        return Inputs(
            numbers=self.numbers[rows],
            categories=self.categories[rows],
            days=None if self.days is None else self.days[rows].copy(),
        )

    def followed_by(self, others: "Inputs") -> "Inputs":
        """These houses followed by the others."""
        return Inputs(
            numbers=np.concatenate([self.numbers, others.numbers]),
            categories=np.concatenate([self.categories, others.categories]),
            days=None
            if self.days is None or others.days is None
            else np.concatenate([self.days, others.days]),
        )

    @property
    def joined(self) -> NDArray[np.float32] | NDArray[np.object_]:
        """scikit-learn's input: the columns of the numbers, then those of the categories."""
        if not self.categories.shape[1]:
            return self.numbers
        return np.concatenate([self.numbers.astype(object), self.categories], axis=1)

    @property
    def feeds(self) -> dict[str, NDArray[np.float32] | NDArray[np.object_]]:
        """Inputs for onnxruntime, by name."""
        numbers = {"numbers": self.numbers} if self.numbers.shape[1] else {}
        categories = {"categories": self.categories} if self.categories.shape[1] else {}
        days = {} if self.days is None else {VALUATION_DATE: self.days[:, None]}
        return {**numbers, **categories, **days}


def inputs(sales: pd.DataFrame, contract: Contract) -> Inputs:
    """The features of cleaned sales, in the contract's order, to be priced as of the day of each sale."""
    numbers = np.empty((len(sales), len(contract.numbers)), dtype=np.float32, order="F")
    for column, feature in enumerate(contract.numbers):
        numbers[:, column] = sales[feature.name]
    categories = np.empty((len(sales), len(contract.categories)), dtype=object)
    for column, feature in enumerate(contract.categories):
        categories[:, column] = sales[feature.name].fillna("")
    days = dates.day_numbers(sales[SOLD].to_numpy(dtype=np.float64)) if is_dated(sales, contract) else None
    return Inputs(
        numbers=numbers, categories=categories, days=None if days is None else days.astype(np.float32)
    )


def newest_day(sales: pd.DataFrame, contract: Contract) -> int | None:
    """The day of the newest sale, from 1970-01-01; None if dates do not count."""
    if not is_dated(sales, contract):
        return None
    return int(dates.day_numbers(np.array([sales[SOLD].max()], dtype=np.float64))[0])


def is_dated(sales: pd.DataFrame, contract: Contract) -> bool:
    """Whether the sales have dates, and the contract lets them count."""
    return SOLD in sales and contract.is_dated


def prices(sales: pd.DataFrame, contract: Contract) -> NDArray[np.float64]:
    """The target of cleaned sales: [rows]."""
    return sales[contract.target.name].to_numpy(dtype=np.float64)
