"""Which columns tell when a house was sold."""

import math
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from house_prices.contract_draft.columns import Column
from house_prices.sales import dates

_NAMED = ("%Y-%m", "%m/%Y", "%y-%m-%d", *dates.COUNTED, dates.DECIMAL_YEAR)
"""What may be a plain number or a code as well, unless the header speaks of a date."""
_SOLD = frozenset(
    {
        "sold",
        "sale",
        "sales",
        "selling",
        "closed",
        "closing",
        "deed",
        "transaction",
        "transfer",
        "verkauf",
        "venda",
        "vente",
    }
)
_DATE = frozenset({"date", "datum", "data", "fecha"})
_OTHER = frozenset(
    {
        "built",
        "build",
        "construction",
        "renovated",
        "remodeled",
        "listed",
        "listing",
        "list",
        "assessed",
        "birth",
        "review",
    }
)
_PARTS = (
    (frozenset({"year", "yr", "jahr"}), 1900, 2100),
    (frozenset({"month", "mo", "monat"}), 1, 12),
    (frozenset({"day", "tag"}), 1, 31),
)
"""Words for year, month and day, and the numbers that each may be."""
_LIKE_A_DATE = re.compile(r"(?=.{4,30}$).*(?<!\w)((18|19|20|21)\d\d|\d{1,2}[-/.]\d{1,2}[-/.]\d{2})(?!\w).*")
_CONFIRMED = 10
"""Sales that are alike in a year, a month or the like, where chance would have them differ."""


def formats(column: Column) -> list[str]:
    """The orders that all cells but a few fit; empty if it holds no dates."""
    if column.is_number and not (named(column) or len(column.texts[0]) == len("20100731")):
        return []
    fitting = [form for form in column.date_orders if named(column) or form not in _NAMED]
    return fitting[:1] if fitting[:1] == [dates.ORDERS[0]] else fitting


def undecided(column: Column) -> str:
    """A date that is a date with the day first and with the month first; empty if all are decided."""
    forms = formats(column)
    for day, month in (("%d/%m/%Y", "%m/%d/%Y"), ("%d/%m/%y", "%m/%d/%y")):
        if {day, month} <= set(forms):
            return column.texts[0]
    return ""


def strange(column: Column) -> list[str]:
    """Its different texts that are no dates."""
    forms = formats(column)
    if not forms:
        return []
    read = dates.parse(pa.array(column.texts, pa.string()), forms[0])
    return [text for text, day in zip(column.texts, read, strict=True) if math.isnan(day)]


def unread(column: Column) -> bool:
    """Whether it speaks of a date and most of its texts look like one, yet cannot be read."""
    if not named(column) or column.is_number or formats(column):
        return False
    return 2 * sum(bool(_LIKE_A_DATE.match(text)) for text in column.texts) > column.distinct


def named(column: Column) -> bool:
    """Whether the header speaks of a date."""
    return bool((_DATE | _SOLD) & set(column.words)) or column.words[-1:] == ["dt"]


def sold(columns: Sequence[Column]) -> tuple[Column, ...]:
    """One column of dates, or year, month and day; empty where nothing says when a house was sold."""
    found = [column for column in columns if not _OTHER & set(column.words) and formats(column)]
    told = [column for column in found if _SOLD & set(column.words)]
    neutral = [column for column in found if named(column)]
    whole = [column for column in found if not column.is_optional]
    if told or neutral or len(found) == len(whole) == 1:
        return ((told or neutral or found)[0],)
    return _parts(columns, of_sale=True) or _parts(columns, of_sale=False)


def tells(sold: Sequence[Column], column: Column) -> bool:
    """Whether it only repeats when a house was sold: the year, the quarter, a flag of 2010, a weekday."""
    if not sold or column.distinct < 2:
        return False
    sold_on = _sold_on(sold)
    known = np.isfinite(sold_on)
    code, sold_on = pd.factorize(column.cells)[0][known], sold_on[known]
    year, month, day = sold_on // 10_000, sold_on // 100 % 100, sold_on % 100
    weekday = dates.day_numbers(sold_on) % 7
    return any(_follows(code, part) for part in (year, month, 12 * year + month, day, weekday))


def _sold_on(sold: Sequence[Column]) -> NDArray[np.float64]:
    """When each house was sold, as 20100731; in whichever of several orders it can be read."""
    if forms := formats(sold[0]):
        texts = sold[0].texts
        days = dict(zip(texts, dates.parse(pa.array(texts, pa.string()), forms[0]), strict=True))
        return sold[0].cells.map(days).to_numpy(np.float64)
    parts = [column.known.reindex(column.cells.index).to_numpy(np.float64) for column in sold]
    return np.asarray(sum(part * 100 ** (2 - at) for at, part in enumerate(parts)))


def _follows(code: NDArray[np.int64], part: NDArray[np.float64]) -> bool:
    """Whether all sales of one part of time are alike, and enough of them to say so."""
    _, first, group = np.unique(part, return_index=True, return_inverse=True)
    if (code != code[first][group]).any():
        return False
    rarer = code != np.bincount(code + 1).argmax() - 1
    return int(rarer.sum() - rarer[first].sum()) >= _CONFIRMED


def _parts(columns: Sequence[Column], *, of_sale: bool) -> tuple[Column, ...]:
    """Columns such as Yr.Sold and Mo.Sold, or just year and month."""
    found: list[Column] = []
    for words, low, high in _PARTS:
        part = [
            c
            for c in columns
            if _is_part(c, words, of_sale) and c.is_whole and low <= c.low and c.high <= high
        ]
        if not part:
            break
        found.append(part[0])
    return tuple(found) if of_sale or len(found) > 1 else ()


def _is_part(column: Column, words: frozenset[str], of_sale: bool) -> bool:
    has = set(column.words)
    return bool(has & words and has & _SOLD) if of_sale else bool(has) and has <= words
