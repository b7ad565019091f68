"""A model's inputs: sales as the arrays that training, export and serving share."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from house_prices.contract.schema import Contract


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Houses as the ONNX graph's input arrays."""

    numbers: NDArray[np.float32]
    """[rows, numbers]; NaN if a value is missing."""
    categories: NDArray[np.object_]
    """[rows, categories] of str; "" if a value is missing."""

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: slice) -> "Inputs":
        return Inputs(numbers=self.numbers[rows], categories=self.categories[rows])

    def followed_by(self, others: "Inputs") -> "Inputs":
        """These houses followed by the others."""
        return Inputs(
            numbers=np.concatenate([self.numbers, others.numbers]),
            categories=np.concatenate([self.categories, others.categories]),
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
        categories = {"categories": self.categories} if self.categories.shape[1] else {}
        return {"numbers": self.numbers, **categories}


def inputs(sales: pd.DataFrame, contract: Contract) -> Inputs:
    """The features of cleaned sales, in the contract's order."""
    numbers = np.empty((len(sales), len(contract.numbers)), dtype=np.float32, order="F")
    for column, feature in enumerate(contract.numbers):
        numbers[:, column] = sales[feature.name]
    categories = np.empty((len(sales), len(contract.categories)), dtype=object)
    for column, feature in enumerate(contract.categories):
        categories[:, column] = sales[feature.name].fillna("")
    return Inputs(numbers=numbers, categories=categories)


def prices(sales: pd.DataFrame, contract: Contract) -> NDArray[np.float64]:
    """The target of cleaned sales: [rows]."""
    return sales[contract.target.name].to_numpy(dtype=np.float64)
