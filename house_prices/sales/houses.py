"""Houses to price, read from a file as training reads its sales."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from house_prices.contract.schema import Contract, Feature, Value
from house_prices.errors import SourceError
from house_prices.sales import cells, formats, read
from house_prices.sales.columns import LINE, TEXT, UNREAD
from house_prices.sales.delimited import RAGGED
from house_prices.sales.sheet import Sheet, places

House = dict[str, Value | None]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the file."""

    line: int
    cells: tuple[str, ...]
    """As they stand there, without the blanks around them."""
    house: House | None
    """None for a line that is no house, such as one of totals."""
    note: str
    """Why it is none; empty if it is one."""


@dataclass(frozen=True, kw_only=True)
class Houses:
    """What a file holds."""

    headers: tuple[str, ...]
    separator: str
    rows: tuple[Row, ...]
    faults: tuple[str, ...]
    """A sentence for each cell or line that no house can be made of, by its line."""

    def free_names(self, names: Sequence[str]) -> list[str]:
        """Names for columns to add to the file's."""
        return free_names(names, self.headers)


def load(path: Path, contract: Contract) -> Houses:
    """Read a file with the features' names or the raw headers. Raises SourceError if it is no such table."""
    sheet, *others = formats.sheets(path, None, contract.decimal)
    if others:
        raise SourceError(f"{path.name} holds {1 + len(others)} tables. Give one with a single table.")
    headers = headers_of(sheet, contract)
    raw = read.together([sheet], sheet.headers, contract.decimal)
    columns = {feature.name: _column(raw, feature, headers, contract) for feature in contract.features}
    faults = sorted([*_ragged(raw), *_of_cells(raw, columns, headers, contract)])
    values = {name: column.values.tolist() for name, column in columns.items() if column}
    rows = raw[list(sheet.headers)].astype("str").fillna("").itertuples(index=False, name=None)
    notes = raw[UNREAD].fillna("").tolist()
    return Houses(
        headers=sheet.headers,
        separator=sheet.separator or ",",
        rows=tuple(
            Row(
                line=line,
                cells=tuple(map(str, texts)),
                house=None if note else _house(values, at, contract),
                note=note,
            )
            for at, (line, texts, note) in enumerate(zip(raw[LINE].tolist(), rows, notes, strict=True))
        ),
        faults=tuple(f"line {line}: {fault}" for line, fault in faults),
    )


def free_names(names: Sequence[str], headers: Sequence[str]) -> list[str]:
    """Names for columns to add to a table: with a number if it has some of them already."""
    suffix, count = "", 1
    while {f"{name}{suffix}" for name in names} & set(headers):
        count += 1
        suffix = f"_{count}"
    return [f"{name}{suffix}" for name in names]


def headers_of(sheet: Sheet, contract: Contract) -> Mapping[str, str]:
    """Under which header each feature stands: its name, or the raw column's. Those not there are left out."""
    found = {}
    for feature in contract.features:
        at = places(sheet.headers, [feature.name]) or places(sheet.headers, [feature.column])
        if at:
            found[feature.name] = sheet.headers[next(iter(at.values()))]
    missing = [
        feature.name for feature in contract.features if feature.required and feature.name not in found
    ]
    if missing:
        raise SourceError(
            f"{sheet.file}, line {sheet.header_line}: no column for {', '.join(missing)}. "
            f"The file has: {', '.join(sheet.headers)}."
        )
    return found


def _column(
    raw: pd.DataFrame, feature: Feature, headers: Mapping[str, str], contract: Contract
) -> cells.Column | None:
    if feature.name not in headers:
        return None
    return cells.of_feature(raw[headers[feature.name]], replace(feature, missing=None), contract)


def _ragged(raw: pd.DataFrame) -> Iterator[tuple[int, str]]:
    for line, text in raw.loc[raw[UNREAD] == RAGGED, [LINE, TEXT]].itertuples(index=False):
        yield int(line), f"{RAGGED}: {text}"


def _of_cells(
    raw: pd.DataFrame,
    columns: Mapping[str, cells.Column | None],
    headers: Mapping[str, str],
    contract: Contract,
) -> Iterator[tuple[int, str]]:
    """Cells that cannot be read, or that hold what the contract does not allow."""
    houses = raw[UNREAD].isna().to_numpy()
    for feature in contract.features:
        column = columns[feature.name]
        if column is None:
            continue
        known = column.values.notna().to_numpy()
        wrong = (
            column.unreadable
            | (~known & ~column.unreadable & feature.required)
            | (known & ~_allowed(column, feature))
        )
        texts = raw[headers[feature.name]]
        for at in (wrong & houses).nonzero()[0]:
            text = "" if pd.isna(texts.iloc[at]) else str(texts.iloc[at])
            yield int(raw[LINE].iloc[at]), f"{feature.name}: came {text!r}, allowed: {feature.allowed}"


def _allowed(column: cells.Column, feature: Feature) -> NDArray[np.bool_]:
    """Whether the contract allows each value: asked once for each different one."""
    answers = {value: feature.accepts(value) for value in column.values.dropna().unique()}
    return np.asarray(column.values.map(answers).astype("boolean").fillna(True), dtype=np.bool_)


def _house(values: Mapping[str, Sequence[object]], at: int, contract: Contract) -> House:
    house: House = {}
    for feature in contract.features:
        value = values[feature.name][at] if feature.name in values else None
        if feature.name not in values:
            continue
        if pd.isna(value):  # type: ignore[call-overload]  # a number, a text or None
            house[feature.name] = None
        elif feature.kind == "category":
            house[feature.name] = str(value)
        else:
            house[feature.name] = bool(value) if feature.kind == "flag" else float(value)  # type: ignore[arg-type]
    return house
