"""What each column of a file is for: the price, a key, the sale's date, a feature, or nothing and why."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from house_prices.contract.schema import EXACT_IN_FLOAT32
from house_prices.contract_draft import dates
from house_prices.contract_draft.columns import Column
from house_prices.errors import SalesError, SourceError

_FEW_CHOICES, _MANY_CHOICES, _MOST_CODES = 100, 400, 20_000_000
"""A text of few values is a category; one of many, too, if choices times sales are not too many."""

_MOST_WHOLE = 300
"""Whole numbers that span more than this are measurements that happen to be whole."""
_KEY = re.compile(
    r"(.*_)?(id|pid|apn|pin|uuid|guid|mls|parcel|folio)(_(id|no|nr|num|number|key|code))?"
    r"|property|(property|parcel|house|listing|objekt|object|record)_?(id|no|nr|num|number|key|code|ref)"
)
_ADDRESS = frozenset(
    {"address", "street", "addr", "adresse", "strasse", "endereco", "direccion", "indirizzo"}
)
_CODES = frozenset(
    {
        "zip",
        "zipcode",
        "postal",
        "postcode",
        "plz",
        "cep",
        "id",
        "code",
        "class",
        "type",
        "zone",
        "zoning",
        "district",
        "region",
    }
)
"""Words for numbers that name something, where 20 is not twice 10."""


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Every column of a file, each in one place."""

    target: Column
    property: Column | None
    sold: tuple[Column, ...]
    features: tuple[tuple[Column, str], ...]
    """Each with its kind."""
    left_out: tuple[tuple[Column, str], ...]
    """Each with the reason."""


def assign(columns: Sequence[Column], target: str) -> Roles:
    """Give each column its role. Raises where no model could be made of the file."""
    price = _target(columns, target)
    rest = [column for column in columns if column is not price]
    empty = [(column, reason) for column in rest if (reason := _says_nothing(column))]
    rest = [column for column in rest if not _says_nothing(column)]
    sold = dates.sold(rest)
    rest = [column for column in rest if column not in sold]
    told = [column for column in rest if dates.tells(sold, column)]
    rest = [column for column in rest if column not in told]
    tests = (_is_key, _looks_like_key, _is_address)
    keys = next(filter(None, ([column for column in rest if test(column)] for test in tests)), [])
    rest = [column for column in rest if column not in keys]
    features = [(column, what) for column in rest if (what := kind(column))]
    if not features:
        raise SalesError(f"no column but {target!r} can tell one house from another: there is no feature.")
    repeated = [(column, "the date of the sale tells it") for column in told]
    others = [(column, f"a second key beside {keys[0].header!r}") for column in keys[1:]]
    unusable = [(column, _why_no_feature(column)) for column in rest if not kind(column)]
    return Roles(
        target=price,
        property=keys[0] if keys else None,
        sold=sold,
        features=tuple(features),
        left_out=tuple(sorted([*empty, *repeated, *others, *unusable], key=lambda entry: entry[0].place)),
    )


def kind(column: Column) -> str | None:
    """The kind of feature that a column makes; None where it makes none."""
    few = column.distinct <= _most_choices(column) and 2 * column.distinct <= column.filled
    if column.is_flag:
        return "flag"
    if (dates.formats(column) and not column.is_number) or dates.unread(column):
        return None
    if column.is_number and not (few and _CODES & set(column.words)):
        low, high = column.bounds
        fits = max(abs(low), abs(high)) <= EXACT_IN_FLOAT32 and column.high - column.low <= _MOST_WHOLE
        return "integer" if column.is_whole and fits else "number"
    return "category" if few else None


def _most_choices(column: Column) -> int:
    """How many different values a category may have: places are many, and tell much of a price.

    Linear models have a column for each choice, which in a large market take too much memory.
    """
    return max(_FEW_CHOICES, min(_MANY_CHOICES, _MOST_CODES // column.rows))


def _target(columns: Sequence[Column], target: str) -> Column:
    found = next((column for column in columns if column.header == target), None)
    if found is None:
        there = ", ".join(column.header for column in columns)
        raise SourceError(f"there is no column {target!r} to predict. The file has: {there}.")
    if not found.is_number:
        came = ", ".join(map(repr, found.strangers[:3])) or "nothing but empty cells"
        raise SalesError(f"the target {target!r} is not a column of numbers: it has {came}.")
    if found.low == found.high:
        raise SalesError(
            f"the target {target!r} is {found.texts[0]} in every sale: there is nothing to learn."
        )
    if found.high <= 0:
        raise SalesError(f"the target {target!r} has no price above 0.")
    return found


def _says_nothing(column: Column) -> str:
    if not column.header.strip():
        return "row names: the column has no header"
    if column.counts_rows:
        return "row numbers"
    if not column.filled:
        return "every cell is empty"
    if column.distinct == 1 and column.filled == column.rows:
        return f"every cell is {column.texts[0]!r}"
    return ""


def _is_key(column: Column) -> bool:
    """Whether the header names a key, and the cells are that different."""
    measured = column.is_number and not column.is_whole
    return (
        bool(_KEY.fullmatch("_".join(column.words))) and not measured and 2 * column.distinct >= column.filled
    )


def _looks_like_key(column: Column) -> bool:
    """Whether texts without blanks, such as R-1042, name nearly every sale anew."""
    codes = all(re.fullmatch(r"\S*\d\S*", text) for text in column.texts)
    unlike = not column.is_number and not column.pair and not dates.formats(column)
    return codes and unlike and column.distinct >= 0.98 * column.filled


def _is_address(column: Column) -> bool:
    """Whether it holds the addresses of houses, of which few were sold twice."""
    numbered = sum(any(map(str.isdigit, text)) for text in column.texts)
    return (
        bool(_ADDRESS & set(column.words))
        and 2 * numbered > column.distinct
        and column.distinct >= 0.9 * column.filled
    )


def _why_no_feature(column: Column) -> str:
    if dates.formats(column):
        return "a date, which no kind of feature holds; write a year or an age instead"
    if dates.unread(column):
        return f"a date that cannot be read, such as {column.texts[0]!r}; write 2010-07-31"
    if column.pair:
        return f"two numbers in a cell, such as {column.pair!r}; write two columns"
    return f"text with {column.distinct} different values in {column.filled} sales"
