"""A table as a file holds it: headers, cells of text, and the line of every row."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from house_prices.errors import SourceError
from house_prices.sales import words

_LOOK = 50
"""Lines among which the header is looked for."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One table of one file."""

    file: str
    """The file's name; of one within a zip or a workbook, that too."""
    headers: tuple[str, ...]
    """Tidy, for every column of the file."""
    header_line: int
    above: tuple[str, ...]
    """What stands above the header, a text for each line that is not blank."""
    separator: str
    """Empty if cells need none."""
    cells: Mapping[int, pa.ChunkedArray]
    """The columns that were asked for, by place: text, or what a typed format holds."""
    lines: NDArray[np.int64]
    """The line of each row."""
    unread: Mapping[int, tuple[str, str]]
    """Rows that are no sales: by their place among the rows, why, and the line's text."""


_VALUE = re.compile(r"[-+]?\d*[.,]\d+|\d{5,}|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(\W.*)?")
"""A number or a date, by which a first line that is a sale gives itself away. Years may name columns."""


def places(headers: Sequence[str], wanted: Sequence[str]) -> dict[str, int]:
    """Where each wanted column stands: under its own header, or one that differs only in case."""
    exact = {header: at for at, header in reversed(list(enumerate(headers)))}
    folded: dict[str, list[int]] = {}
    for at, header in enumerate(headers):
        folded.setdefault(header.casefold(), []).append(at)
    found = {}
    for column in wanted:
        header = words.header(column)
        alike = folded.get(header.casefold(), [])
        if header in exact:
            found[column] = exact[header]
        elif len(alike) == 1:
            found[column] = alike[0]
    return found


def header_at(records: Sequence[Sequence[str]], wanted: Sequence[str] | None) -> int | None:
    """Which record names the columns: the one with the most of those wanted, or the first that is whole.

    Whole is what has a name for more than half of the columns that most records have.
    """
    looked_at = records[:_LOOK]
    if wanted is not None:
        counts = [len(places([words.header(cell) for cell in record], wanted)) for record in looked_at]
        if counts and max(counts) > 0:
            return counts.index(max(counts))
    filled = [sum(bool(cell.strip()) for cell in record) for record in looked_at]
    widths = [len(record) for record in looked_at if len(record) > 1] or [1]
    usual = max(set(widths), key=widths.count)
    return next((at for at, count in enumerate(filled) if count > usual / 2), None)


def check_header(file: str, line: int, headers: Sequence[str], wanted: Sequence[str] | None) -> None:
    """Raise SourceError if a wanted column is missing, or stands there twice."""
    there = ", ".join(map(_shown, filter(None, headers)))
    if wanted is not None:
        missing = [column for column in wanted if column not in places(headers, wanted)]
        if missing:
            raise SourceError(
                f"{file}, line {line}: {len(missing)} of the contract's columns are missing: "
                f"{', '.join(map(_shown, missing))}. The file has: {there}."
            )
    elif values := [header for header in headers if _VALUE.fullmatch(header)]:
        raise SourceError(
            f"{file}, line {line} should name the columns, and {', '.join(map(repr, values[:3]))} "
            f"{'is no name' if len(values) == 1 else 'are no names'}. Put names above the first sale."
        )
    wanted_headers = None if wanted is None else {words.header(column) for column in wanted}
    for column, header in enumerate(headers, start=1):
        if header and headers.count(header) > 1 and (wanted_headers is None or header in wanted_headers):
            raise SourceError(f"{file}, line {line}, column {column}: the header {header!r} stands twice.")


def _shown(header: str) -> str:
    """A header as a message shows it: in quotes if it would be misread without."""
    return header if header == words.header(header) and "," not in header else repr(header)
