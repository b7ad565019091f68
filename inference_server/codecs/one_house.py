"""Reads one house that has every field, all allowed and within the training ranges, as most have.

One call gives presence and values, and bounds and ranges are compared together. Any other house is None here,
and is decoded field by field, which finds the faults and the warnings.
"""

from collections.abc import Mapping, Sequence
from operator import ge, itemgetter, le
from typing import Any

import numpy as np

from house_prices.contract.schema import Contract
from inference_server.arrays import Inputs, Texts
from inference_server.codecs import columns
from inference_server.codecs.columns import Column

_NO_CATEGORIES: Texts = np.empty((1, 0), np.object_)
_NO_CATEGORIES.flags.writeable = False


class OneHouse:
    """Of one version of a market."""

    def __init__(self, contract: Contract, ranges: Mapping[str, tuple[float, float]]) -> None:
        numbers, categories = columns.numbers(contract), columns.categories(contract)
        in_message = sorted([*numbers, *categories], key=lambda column: column.feature.number)
        self._fields = len(in_message)
        self._last = in_message[-1].feature.number
        self._numbers = _picker([in_message.index(column) for column in numbers])
        self._categories = _picker([in_message.index(column) for column in categories])
        self._choices = [column.choices for column in categories]
        limits = [_limits(column, ranges) for column in numbers]
        self._low, self._high = [low for low, _ in limits], [high for _, high in limits]

    def read(self, house: Any) -> Inputs | None:
        """The house, if it is as above."""
        fields = house.ListFields()
        if len(fields) != self._fields or fields[-1][0].number != self._last:  # the last may be a reference
            return None
        values = [value for _, value in fields]
        numbers = self._numbers(values)
        if not (all(map(le, self._low, numbers)) and all(map(ge, self._high, numbers))):  # NaN is neither
            return None
        categories = _NO_CATEGORIES
        if self._choices:
            texts = self._categories(values)
            for text, choices in zip(texts, self._choices, strict=True):
                if text not in choices:
                    return None
            categories = np.array((texts,), np.object_)
        return Inputs(numbers=np.array((numbers,), np.float32), categories=categories, in_range=True)


def _limits(column: Column, ranges: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    """What is allowed and was seen in training. Ranges are compared as the model's float32."""
    low, high = ranges.get(column.name, (column.low, column.high))
    return max(column.low, float(np.float32(low))), min(column.high, float(np.float32(high)))


def _picker(places: Sequence[int]) -> Any:
    """A function that gives the values at these places, as a tuple."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: tuple(values[place] for place in places)
