"""What a column of text looks like by itself, whatever it may be for."""

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import pyarrow as pa

from house_prices.contract_draft import naming
from house_prices.contract_draft.reading import RawTable
from house_prices.sales import dates, numbers, units, words

_ENOUGH, _LOOK = 1000, 20
_FEW, _FEW_SHARE = 3, 0.02
"""Empty cells, and their share, up to which sales without are refused rather than a feature left open."""
_MOSTLY = 0.95
"""Share of numbers from which on the other cells count as slips of the pen."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column, by its different values."""

    header: str
    place: int
    """Of the column in the file, from 1."""
    decimal: str
    cells: "pd.Series[str]"
    """Text without the blanks around it; null where a cell is empty."""

    @cached_property
    def counts(self) -> "pd.Series[int]":
        """How often each text stands in the column, the commonest first."""
        return self.cells.value_counts()

    @property
    def distinct(self) -> int:
        """How many different values there are."""
        return len(self.counts)

    @property
    def rows(self) -> int:
        """All its cells."""
        return len(self.cells)

    @cached_property
    def date_orders(self) -> list[str]:
        """The orders of day, month and year by which all cells but a few are dates."""
        first = self.texts[:_LOOK]
        digits = [len(re.findall(r"\d", text)) for text in first]
        if not first or 2 * sum(count >= 4 for count in digits) < len(first):
            return []
        if not dates.fitting(first, [1] * len(first), 0.5):
            return []
        return dates.fitting(self.texts, self.counts.tolist(), _MOSTLY)

    @property
    def is_optional(self) -> bool:
        """Whether more cells are empty than a slip or two."""
        empty = self.rows - self.filled
        return empty > _FEW or empty > _FEW_SHARE * self.rows

    @property
    def empty(self) -> float:
        """Share of the cells that are empty."""
        return 1 - self.filled / self.rows

    @cached_property
    def filled(self) -> int:
        """Cells that are not empty."""
        return int(self.counts.sum())

    @property
    def texts(self) -> list[str]:
        """The different values, the commonest first."""
        return [str(text) for text in self.counts.index]

    @cached_property
    def unit(self) -> str:
        """What stands beside most of its numbers, as contracts write it: m2, EUR. Empty if nothing does."""
        found = [numbers.parts(text) for text in self.texts[:_ENOUGH]]
        beside = Counter(_unit(each) for each in found if each)
        if unit := units.common(self.known_units):
            return unit
        unit, count = beside.most_common(1)[0] if beside else ("", 0)
        return unit if 2 * count > len(found) else ""

    @cached_property
    def known_units(self) -> dict[str, int]:
        """How many cells are in each known unit, of those that stand beside more than a few."""
        cells: Counter[str] = Counter()
        for text, count in self.counts.iloc[:_ENOUGH].items():
            written = numbers.parts(str(text))
            if written and (unit := units.known(written.unit)):
                cells[unit] += count
        least = max(_FEW, _FEW_SHARE * self.filled)
        return {unit: count for unit, count in cells.most_common() if count > least}

    @property
    def has_several_units(self) -> bool:
        """Whether its numbers are in units that do not agree, such as EUR and USD."""
        return len(self.known_units) > 1 and units.common(self.known_units) is None

    @cached_property
    def numbers(self) -> "pd.Series[float]":
        """The different values as numbers, NaN if one is none, in the order of `counts`."""
        unit = None if self.has_several_units else self.unit
        texts = pa.array(self.texts, pa.string())
        return pd.Series(numbers.parse(texts, decimal=self.decimal, unit=unit))

    @cached_property
    def known(self) -> "pd.Series[float]":
        """The numbers of the cells that hold one, by row."""
        return self.cells.map(dict(zip(self.texts, self.numbers, strict=True))).astype("float64").dropna()

    @cached_property
    def strangers(self) -> list[str]:
        """The different values that are no numbers."""
        return [text for text, none in zip(self.texts, self.numbers.isna(), strict=True) if none]

    @cached_property
    def is_number(self) -> bool:
        """Whether all but a few cells hold numbers. Codes, such as 00501, are none."""
        numeric = len(self.known)
        code = any(re.fullmatch(r"0\d+", text) for text in self.texts)
        return numeric > 0 and numeric >= _MOSTLY * self.filled and not code

    @property
    def is_whole(self) -> bool:
        """Whether all its numbers are whole."""
        return self.is_number and bool((self.numbers.dropna() % 1 == 0).all())

    @property
    def is_flag(self) -> bool:
        """Whether it says yes and no, and nothing else."""
        texts = {text.lower() for text in self.texts}
        return texts <= words.TRUE | words.FALSE and bool(texts & words.TRUE) and bool(texts & words.FALSE)

    @cached_property
    def doubt(self) -> str:
        """A number such as 391.000 if all that have the decimal mark look as if it grouped thousands."""
        if not self.is_number:
            return ""
        seen = numbers.marks(self.texts)
        marked = seen.point if self.decimal == "." else seen.comma
        round_ones = [text for text in seen.either if re.search(rf"\{self.decimal}000\b", text)]
        return round_ones[0] if not marked and 2 * len(round_ones) > len(seen.either) else ""

    @cached_property
    def pair(self) -> str:
        """A text such as 5/12, a floor of floors, if nearly all cells hold two numbers so; else empty."""
        pairs = [text for text in self.texts if re.fullmatch(r"\d+ ?/ ?\d+", text)]
        return pairs[0] if pairs and self.counts[pairs].sum() >= _MOSTLY * self.filled else ""

    @property
    def low(self) -> float:
        """The least number."""
        return float(self.numbers.min())

    @property
    def high(self) -> float:
        """The greatest number."""
        return float(self.numbers.max())

    @property
    def counts_rows(self) -> bool:
        """Whether the cells count the rows, from 0 or 1."""
        start = str(self.cells.iloc[0]) if self.rows == self.distinct > 1 else ""
        if not self.is_whole or start not in ("0", "1"):
            return False
        return bool((self.known.diff().iloc[1:] == 1).all())

    @property
    def bounds(self) -> tuple[float, float]:
        """The range seen and half of it again on both sides, rounded outward, and never across zero."""
        span = self.high - self.low or abs(self.high) or 1.0
        digits = -math.floor(math.log10(span))
        step = 10.0**-digits
        low = round(math.floor((self.low - span / 2) / step) * step, max(digits, 0))
        high = round(math.ceil((self.high + span / 2) / step) * step, max(digits, 0))
        return (0.0 if self.low >= 0 > low else low, 0.0 if self.high <= 0 < high else high)

    @cached_property
    def words(self) -> list[str]:
        """The words of its header."""
        return naming.words(self.header)


def _unit(written: numbers.Written) -> str:
    """As contracts write it. A word that nobody knows is one if it follows the number, as in 45,000 miles."""
    return units.known(written.unit) or (written.unit if written.unit_follows else "")


def columns(table: RawTable) -> list[Column]:
    """Every column of the file, in its order."""
    return [
        Column(header=str(header), place=place, decimal=table.decimal, cells=table.cells[header])
        for place, header in enumerate(table.cells.columns, start=1)
    ]
