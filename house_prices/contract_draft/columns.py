"""What a column of text looks like by itself, whatever it may be for."""

import math
import re
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from house_prices.contract_draft import naming
from house_prices.contract_draft.reading import RawTable

TRUE, FALSE = {"1", "1.0", "true", "yes", "y"}, {"0", "0.0", "false", "no", "n"}
"""Words for yes and no, in lower case: those that cleaning reads."""

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
    def numbers(self) -> "pd.Series[float]":
        """The different values as numbers, NaN where one is none, in the order of `counts`."""
        mark = re.escape(self.decimal)
        pattern = rf"[+-]?(?:\d+{mark}?\d*|{mark}\d+)(?:[eE][+-]?\d+)?"
        texts = pd.Series(self.texts, dtype="str")
        good = texts.where(texts.str.fullmatch(pattern))
        return pd.to_numeric(good.str.replace(self.decimal, ".", regex=False)).astype("float64")

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
        words = {text.lower() for text in self.texts}
        return words <= TRUE | FALSE and bool(words & TRUE) and bool(words & FALSE)

    @property
    def is_grouped(self) -> bool:
        """Whether numbers are grouped by thousands, as 350,000 or 1.234,50: nothing here reads those."""
        mark = re.escape("," if self.decimal == "." else ".")
        return any(re.fullmatch(rf"[+-]?\d{{1,3}}({mark}\d{{3}})+([.,]\d+)?", text) for text in self.texts)

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


def columns(table: RawTable) -> list[Column]:
    """Every column of the file, in its order."""
    return [
        Column(header=str(header), place=place, decimal=table.decimal, cells=table.cells[header])
        for place, header in enumerate(table.cells.columns, start=1)
    ]
