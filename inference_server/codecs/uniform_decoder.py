"""Reads many houses whose bytes all have one layout, as a matrix with a row each.

Markets without categories often send such: numbers have 8 bytes each, flags and small integers one. The first
house tells the layout, and numpy checks that the others have it: a fifth of the time of a cursor a house.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference_server.arrays import Inputs, Texts
from inference_server.codecs.columns import Column

Matrix = NDArray[np.uint8]
LONGEST_VARINT = 4
"""Bytes, which are values below 2**28: a longer one may be negative."""
SHORT = 127
"""The longest house whose length is one byte."""


@dataclass(frozen=True, kw_only=True)
class Number:
    """A field that has a number, an integer or a flag."""

    column: Column
    tag: bytes
    is_double: bool
    is_flag: bool


class UniformReader:
    """Of one market without categories."""

    def __init__(self, fields: Sequence[Number], houses_tag: int) -> None:
        self._fields = fields
        self._houses_tag = houses_tag
        in_order = sorted((one.column for one in fields), key=lambda column: column.index)
        self._low = np.array([column.low for column in in_order])
        self._high = np.array([column.high for column in in_order])
        self._absent = np.array([float(column.absent) for column in in_order])

    def read(self, raw: bytes) -> Inputs | None:
        """The houses, if they have one layout and are all sound; raises IndexError or gives None if not."""
        size = raw[1]
        rows, rest = divmod(len(raw), size + 2)
        if raw[0] != self._houses_tag or size > SHORT or rest:
            return None
        matrix = np.frombuffer(raw, np.uint8).reshape(rows, size + 2)
        numbers = np.empty((rows, len(self._fields)))
        given = np.zeros(len(self._fields), np.bool_)
        same, continued, at = [0, 1], list[int](), 2
        for field in self._fields:
            start = at + len(field.tag)
            if raw[at:start] != field.tag:
                if field.column.required:
                    return None
                numbers[:, field.column.index] = self._absent[field.column.index]
                continue
            given[field.column.index] = True
            same += range(at, start)
            at = start + (8 if field.is_double else _length(raw, start))
            if at > size + 2 or (at - start > LONGEST_VARINT and not field.is_double):
                return None  # beyond the house, or too long to be read here
            if field.is_double:
                numbers[:, field.column.index] = _doubles(raw, start, rows, size + 2)
            else:
                continued += range(start, at)
                numbers[:, field.column.index] = _varints(matrix[:, start:at], is_flag=field.is_flag)
        if at != size + 2 or not (_have_one(matrix, same, 255) and _have_one(matrix, continued, 128)):
            return None
        return self._checked(numbers, given)

    def _checked(self, numbers: NDArray[np.float64], given: NDArray[np.bool_]) -> Inputs | None:
        """None if a value that was given is not allowed, as NaN never is."""
        came = numbers[:, given]
        if not ((self._low[given] <= came) & (came <= self._high[given])).all():
            return None
        empty: Texts = np.empty((len(numbers), 0), np.object_)
        return Inputs(numbers=numbers.astype(np.float32), categories=empty)


def _have_one(matrix: Matrix, places: Sequence[int], bits: int) -> bool:
    """Whether the bytes at these places have the same bits in all rows."""
    part = matrix[:, np.array(places, np.intp)] & bits
    return bool((part == part[0]).all())


def _length(raw: bytes, at: int) -> int:
    """How many bytes the varint has."""
    length = 1
    while raw[at + length - 1] > SHORT:
        length += 1
    return length


def _doubles(raw: bytes, at: int, rows: int, stride: int) -> NDArray[np.float64]:
    return np.ndarray((rows,), "<f8", raw, at, (stride,))


def _varints(part: Matrix, *, is_flag: bool) -> NDArray[np.int64]:
    """Values below 2**28, which needs no care for signs."""
    values = np.zeros(len(part), np.int64)
    for place in range(part.shape[1]):
        values |= (part[:, place] & 127).astype(np.int64) << 7 * place
    return (values != 0).astype(np.int64) if is_flag else values
