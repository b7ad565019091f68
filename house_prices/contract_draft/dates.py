"""Which columns tell when a house was sold."""

import re
from collections.abc import Sequence

import pandas as pd

from house_prices.contract_draft.columns import Column

FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d")
"""Notations of a date, in the order in which they are tried."""

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?")
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
    }
)
_PARTS = (
    (frozenset({"year", "yr", "jahr"}), 1900, 2100),
    (frozenset({"month", "mo", "monat"}), 1, 12),
    (frozenset({"day", "tag"}), 1, 31),
)
"""Words for year, month and day, and the numbers that each may be."""


def formats(column: Column) -> list[str]:
    """The notations that every cell fits; empty where it holds no dates."""
    if not column.counts.size or not re.fullmatch(r"\d[\d\-/. T:]{5,18}", column.texts[0]):
        return []
    if all(_TIMESTAMP.fullmatch(text) for text in column.texts):
        return ["%Y-%m-%d"]
    return [form for form in FORMATS if _fits(column.texts, form)]


def named(column: Column) -> bool:
    """Whether the header speaks of a date."""
    return bool((_DATE | _SOLD) & set(column.words)) or column.words[-1:] == ["dt"]


def sold(columns: Sequence[Column]) -> tuple[Column, ...]:
    """One column of dates, or year, month and day; empty where nothing says when a house was sold."""
    dates = [column for column in columns if not _OTHER & set(column.words) and formats(column)]
    told = [column for column in dates if _SOLD & set(column.words)]
    neutral = [column for column in dates if named(column)]
    if told or neutral or len(dates) == 1:
        return ((told or neutral or dates)[0],)
    return _parts(columns, of_sale=True) or _parts(columns, of_sale=False)


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


def _fits(texts: Sequence[str], form: str) -> bool:
    first = pd.to_datetime(pd.Series(texts[:20]), format=form, errors="coerce")
    if first.isna().any():
        return False
    return bool(pd.to_datetime(pd.Series(texts), format=form, errors="coerce").notna().all())
