"""Cells as the values of a contract: numbers, flags, choices and days.

Each different text is read once, then looked up for every row that has it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from house_prices.contract.schema import Contract, Feature
from house_prices.progress import Tell, silent
from house_prices.sales import dates, numbers, words
from house_prices.sales.columns import FILE, LINE, PROPERTY, REASON, REFERENCE, SOLD, UNREAD

NOT_A_NUMBER, OTHER_UNIT = "not a number", "in another unit"
NO_UNIT = "in a unit, and the contract names none"


@dataclass(frozen=True, kw_only=True)
class Column:
    """What one column's cells say."""

    values: pd.Series
    """By row; NaN or None if nothing is known, or if the cell cannot be read."""
    unreadable: NDArray[np.bool_]
    """By row."""
    reason: str
    """Why those cells cannot be read."""


def typed(raw: pd.DataFrame, contract: Contract, tell: Tell = silent) -> pd.DataFrame:
    """The sales by the contract's names, and REASON for those with a cell that cannot be read."""
    found: dict[str, pd.Series] = {FILE: raw[FILE], LINE: raw[LINE]}
    reasons: list[str] = []
    first = np.full(len(raw), -1, dtype=np.int32)
    for name, column in _columns(raw, contract):
        tell(f"reading the cells of {len(raw)} sales: {name}, the {len(found) - 1}. column")
        found[name] = column.values
        if column.unreadable.any():
            first[column.unreadable & (first < 0)] = len(reasons)
            reasons.append(f"{name}: {column.reason}")
    why = pd.Series(np.array([*reasons, None], dtype=object)[first], index=raw.index, dtype="str")
    found[REASON] = raw[UNREAD].where(raw[UNREAD].notna(), why)
    return pd.DataFrame(found, copy=False)


def _columns(raw: pd.DataFrame, contract: Contract) -> Iterator[tuple[str, Column]]:
    target, keys = contract.target, contract.keys
    for feature in contract.features:
        yield feature.name, of_feature(raw[feature.column], feature, contract)
    mark = target.decimal or contract.decimal
    yield target.name, _number(raw[target.column], mark, target.unit, contract.empty)
    if keys.property:
        cells = _coded(raw[keys.property], contract.empty)
        yield PROPERTY, Column(values=_texts(cells, cells.texts), unreadable=cells.nowhere, reason="")
    if contract.monitoring.reference:
        cells = _coded(raw[contract.monitoring.reference], contract.empty)
        yield REFERENCE, Column(values=_texts(cells, cells.texts), unreadable=cells.nowhere, reason="")
    if keys.sold:
        yield SOLD, _sold([raw[column] for column in keys.sold], contract)


def of_feature(cells: pd.Series, feature: Feature, contract: Contract) -> Column:
    """A feature's values; an empty cell is what the contract says it means."""
    if feature.kind == "category":
        return _category(cells, feature, contract.empty)
    if feature.kind == "flag":
        read = _flag(cells, contract.empty)
    else:
        read = _number(cells, feature.decimal or contract.decimal, feature.unit, contract.empty)
    if feature.missing is None:
        return read
    filled = read.values.where(read.values.notna() | read.unreadable, float(feature.missing))
    return Column(values=filled, unreadable=read.unreadable, reason=read.reason)


@dataclass(frozen=True, kw_only=True)
class _Coded:
    """A column by its different texts."""

    texts: pa.Array
    """Tidy."""
    empty: NDArray[np.bool_]
    """By text."""
    codes: NDArray[np.integer[Any]]
    """By row, the place of its text; -1 for none."""

    @property
    def nowhere(self) -> NDArray[np.bool_]:
        """No row."""
        return np.zeros(len(self.codes), dtype=bool)

    def by_row(self, by_text: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """What is true of each row, from what is true of each text."""
        return np.asarray(np.append(by_text, False)[self.codes], dtype=np.bool_)


def _coded(cells: pd.Series, empty: Sequence[str], choices: Sequence[str] = ()) -> _Coded:
    if isinstance(cells.dtype, pd.CategoricalDtype):
        texts = pa.array(cells.cat.categories.astype("str"), pa.string())
        codes = cells.cat.codes.to_numpy()
    else:
        coded = pa.array(cells, from_pandas=True)
        coded = (coded if isinstance(coded, pa.ChunkedArray) else pa.chunked_array([coded])).cast(pa.string())
        coded = coded.combine_chunks().dictionary_encode()
        texts, codes = coded.dictionary, coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    texts = pc.utf8_trim_whitespace(texts.cast(pa.string()))
    if pc.all(pc.string_is_ascii(texts)).as_py() is False:
        texts = pa.array(map(words.tidy, texts.to_pylist()), pa.string())
    known = pa.array([*words.EMPTY, *(word.lower() for word in empty)], pa.string())
    blank = pc.is_in(pc.utf8_lower(texts), value_set=known)
    if choices:
        blank = pc.and_(blank, pc.invert(pc.is_in(texts, value_set=pa.array(choices, pa.string()))))
    return _Coded(texts=texts, empty=blank.to_numpy(zero_copy_only=False), codes=codes)


def _number(cells: pd.Series, decimal: str, unit: str, empty: Sequence[str]) -> Column:
    if pd.api.types.is_numeric_dtype(cells.dtype):
        none = np.zeros(len(cells), dtype=bool)
        return Column(values=cells.astype("float64"), unreadable=none, reason=NOT_A_NUMBER)
    column = _coded(cells, empty)
    values = np.full(len(column.texts) + 1, np.nan)
    some = np.flatnonzero(~column.empty)
    values[some] = numbers.parse(column.texts.take(pa.array(some)), decimal=decimal, unit=unit)
    bad = ~column.empty & np.isnan(values[:-1])
    reason = NOT_A_NUMBER
    if bad.any():
        texts = column.texts.filter(pa.array(bad)).to_pylist()
        if all(numbers.number(text, decimal=decimal) is not None for text in texts):
            reason = f"{OTHER_UNIT} than {unit}" if unit else NO_UNIT
    return Column(
        values=pd.Series(values[column.codes], index=cells.index),
        unreadable=column.by_row(bad),
        reason=reason,
    )


def _flag(cells: pd.Series, empty: Sequence[str]) -> Column:
    reason = "not true or false"
    if pd.api.types.is_numeric_dtype(cells.dtype):
        numeric = cells.astype("float64")
        neither = (numeric.notna() & ~numeric.isin([0.0, 1.0])).to_numpy()
        return Column(values=numeric, unreadable=neither, reason=reason)
    column = _coded(cells, empty)
    read = [words.truth(text) for text in column.texts.to_pylist()]
    values = np.array([np.nan if value is None else float(value) for value in [*read, None]])
    values[:-1][column.empty] = np.nan
    bad = ~column.empty & np.isnan(values[:-1])
    return Column(
        values=pd.Series(values[column.codes], index=cells.index),
        unreadable=column.by_row(bad),
        reason=reason,
    )


def _category(cells: pd.Series, feature: Feature, empty: Sequence[str]) -> Column:
    choices = {words.tidy(choice): choice for choice in feature.choices}
    column = _coded(cells, empty, tuple(choices))
    read = [choices.get(text) for text in column.texts.to_pylist()]
    strange = np.array([text is None for text in read], dtype=bool) & ~column.empty
    missing = None if feature.missing is None else str(feature.missing)
    meant = [missing if blank else text for text, blank in zip(read, column.empty, strict=True)]
    return Column(
        values=_texts(column, pa.array(meant, pa.string()), missing).set_axis(cells.index),
        unreadable=column.by_row(strange),
        reason="not one of its choices",
    )


def _texts(column: _Coded, by_text: pa.Array, otherwise: str | None = None) -> pd.Series:
    """A text for each row, or None."""
    by_text = pc.if_else(pa.array(column.empty), pa.scalar(otherwise, pa.string()), by_text)
    whole = pa.concat_arrays([by_text, pa.array([otherwise], pa.string())])
    places = np.where(column.codes < 0, len(by_text), column.codes)
    return pd.Series(whole.take(pa.array(places)).to_pandas(), dtype="str")


def _sold(cells: Sequence[pd.Series], contract: Contract) -> Column:
    """The day, as 20100731: from one column of dates, or from year, month and day."""
    if len(cells) == 1:
        return _dates(cells[0], contract)
    parts = [_number(each, contract.decimal, "", contract.empty) for each in cells]
    year, month, day = [part.values.to_numpy() for part in parts] + [np.zeros(len(cells[0]))] * (
        3 - len(parts)
    )
    possible = (year % 1 == 0) & (month % 1 == 0) & (month >= 1) & (month <= 12) & (day >= 0) & (day <= 31)
    known = np.isfinite(year) & np.isfinite(month) & np.isfinite(day)
    bad = np.any([part.unreadable for part in parts], axis=0) | (known & ~possible)
    values = np.where(possible & known, year * 10_000 + month * 100 + day, np.nan)
    return Column(values=pd.Series(values, index=cells[0].index), unreadable=bad, reason="not a date")


def _dates(cells: pd.Series, contract: Contract) -> Column:
    column = _coded(cells, contract.empty)
    values = np.full(len(column.texts) + 1, np.nan)
    some = np.flatnonzero(~column.empty)
    values[some] = dates.parse(column.texts.take(pa.array(some)), contract.keys.sold_format)
    bad = ~column.empty & np.isnan(values[:-1])
    return Column(
        values=pd.Series(values[column.codes], index=cells.index),
        unreadable=column.by_row(bad),
        reason="not a date",
    )
