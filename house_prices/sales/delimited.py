"""Text with a separator between the cells: CSV, TSV and the like."""

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from house_prices.errors import SourceError
from house_prices.sales import words
from house_prices.sales.sheet import Sheet, check_header, header_at, places

SEPARATORS = (";", "\t", "|", ",")
"""The comma comes last: if two fit, it is the decimal mark."""
RAGGED = "more or fewer cells than the header"
TOTAL = "a line of totals"

_SAMPLE = 1 << 16
_LAST = 3
"""Lines at the end among which one of totals is looked for."""
_MOST_LINES = 200
"""A quoted cell of more lines is a quote that was left open."""
_LONG = 1 << 22
"""Bytes from which on text is worth less than time."""
_EMPTY = sorted({each for word in words.EMPTY for each in (word, word.upper(), word.title())} | {"NaN"})
_TEXT = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True, kw_only=True)
class _Layout:
    separator: str
    headers: tuple[str, ...]
    line: int
    """The header's first."""
    below: int
    """Lines down to the header's last."""
    above: tuple[str, ...]


def read(file: str, data: bytes, wanted: Sequence[str] | None, numbers: Collection[str] = ()) -> Sheet:
    """The table in UTF-8 text: the wanted columns, or all of them for None. Raises SourceError.

    In a long text, columns in `numbers` are read as such if each of their cells is plain or empty.
    """
    layout = _layout(file, data, wanted)
    check_header(file, layout.line, layout.headers, wanted)
    asked = range(len(layout.headers)) if wanted is None else places(layout.headers, wanted).values()
    body = _below(data, layout.below).rstrip(b"\n")
    if not body.strip():
        raise SourceError(f"{file} has a header and no sales. Remove it, or add sales to it.")
    plain = frozenset(places(layout.headers, tuple(numbers)).values()) if len(body) >= _LONG else frozenset()
    rows = _fast(body, layout, sorted(set(asked)), plain) or _careful(body, layout, sorted(set(asked)))
    return Sheet(
        file=file,
        headers=layout.headers,
        header_line=layout.line,
        above=layout.above,
        separator=layout.separator,
        cells=rows.cells,
        lines=rows.lines,
        unread={**rows.unread, **_totals(body, layout, rows.lines)},
    )


def _layout(file: str, data: bytes, wanted: Sequence[str] | None) -> _Layout:
    text = data[: data.find(b"\n", _SAMPLE) + 1 or len(data)].decode()
    if not text.strip():
        raise SourceError(f"{file} is empty. Remove it, or put a header and sales into it.")
    first = text.lstrip("\n").partition("\n")[0].strip().strip('"')
    told = first[4:5] if first.lower().startswith("sep=") else ""
    candidates = [_laid_out(text, mark, wanted, bool(told)) for mark in ([told] if told else SEPARATORS)]
    found = [each for each in candidates if each[1]]
    if not found:
        raise SourceError(
            f"{file}, line 1: no line names columns. It begins {first[:80]!r}. "
            "Separate columns by a comma, a semicolon, a tab or a bar."
        )
    layout = max(found, key=lambda each: each[0])[1]
    assert layout is not None  # noqa: S101  # those without are left out above
    if wanted is None and len(layout.headers) < 2:
        raise SourceError(
            f"{file}: the header {first[:80]!r} is one column. "
            "Separate columns by a comma, a semicolon, a tab or a bar."
        )
    return layout


def _laid_out(
    text: str, separator: str, wanted: Sequence[str] | None, told: bool
) -> tuple[tuple[float, float], _Layout | None]:
    """A layout by this separator, and how well it fits: wanted columns, then rows as wide as the header."""
    records = [record for record in _records(text.split("\n"), separator) if "".join(record[2]).strip()]
    records = records[1:] if told else records
    at = header_at([record[2] for record in records], wanted)
    if at is None:
        return (0, 0), None
    line, last, cells = records[at]
    headers = tuple(map(words.header, cells))
    widths = [len(record[2]) for record in records[at:]]
    fit = 0.0 if len(headers) < 2 else widths.count(len(headers)) / len(widths)
    above = tuple(separator.join(record[2]).strip() for record in records[:at])
    layout = _Layout(separator=separator, headers=headers, line=line, below=last, above=above)
    return (float(len(places(headers, wanted or ()))), fit), layout


def _records(lines: Sequence[str], separator: str) -> Iterator[tuple[int, int, list[str]]]:
    """Each record with its first and last line. A quote that is left open ends with its line."""
    at = 0
    while at < len(lines):
        cells, taken = lines[at].split(separator), 1
        if '"' in lines[at]:
            most = min(_MOST_LINES, len(lines) - at)
            tries = (
                (_cells("\n".join(lines[at : at + count]), separator), count) for count in range(1, most + 1)
            )
            cells, taken = next(((found, count) for found, count in tries if found is not None), (cells, 1))
        yield at + 1, at + taken, cells
        at += taken


def _cells(text: str, separator: str) -> list[str] | None:
    """The cells of a record; None if a quote in it is still open."""
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), [])
    except csv.Error as error:
        if "unexpected end" in str(error):
            return None
        return next(csv.reader([text.rstrip("\n")], delimiter=separator), [])


@dataclass(frozen=True, kw_only=True)
class _Rows:
    cells: dict[int, pa.ChunkedArray]
    lines: NDArray[np.int64]
    unread: dict[int, tuple[str, str]]


def _fast(body: bytes, layout: _Layout, asked: Sequence[int], plain: frozenset[int]) -> _Rows | None:
    """All at once; None for a body in which a row is not a line."""
    uneven: list[object] = []

    def skip(row: object) -> str:
        uneven.append(row)
        return "skip"

    names = [str(place) for place in range(len(layout.headers))]
    try:
        table = pa.csv.read_csv(
            pa.py_buffer(body),
            read_options=pa.csv.ReadOptions(column_names=names),
            parse_options=pa.csv.ParseOptions(
                delimiter=layout.separator, newlines_in_values=b'"' in body, invalid_row_handler=skip
            ),
            convert_options=pa.csv.ConvertOptions(
                include_columns=[names[place] for place in asked],
                column_types={name: pa.float64() if at in plain else _TEXT for at, name in enumerate(names)},
                null_values=_EMPTY,
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        other = re.search(r"In CSV column #(\d+): CSV conversion error to double", str(error))
        stays = plain - {int(other[1])} if other else frozenset()
        return _fast(body, layout, asked, stays) if plain else None
    if uneven or table.num_rows != body.count(b"\n") + 1:
        return None
    table = table.unify_dictionaries()
    lines = np.arange(table.num_rows, dtype=np.int64) + layout.below + 1
    return _Rows(cells={place: table[names[place]] for place in asked}, lines=lines, unread={})


def _careful(body: bytes, layout: _Layout, asked: Sequence[int]) -> _Rows:
    """Record by record: blank lines are passed over, and what does not fit the header is kept as unread."""
    width = len(layout.headers)
    columns: dict[int, list[str | None]] = {place: [] for place in asked}
    lines: list[int] = []
    unread: dict[int, tuple[str, str]] = {}
    for first, _, cells in _records(body.decode().split("\n"), layout.separator):
        if len(cells) < 2 and not "".join(cells).strip():
            continue
        if len(cells) == 1 and len(inner := _cells(cells[0], layout.separator) or []) == width:
            cells = inner  # a tool has quoted the whole line
        fits = len(cells) == width or (len(cells) > width and not "".join(cells[width:]).strip())
        if not fits:
            unread[len(lines)] = (RAGGED, layout.separator.join(cells))
        for place, column in columns.items():
            column.append(cells[place] if fits else None)
        lines.append(first + layout.below)
    arrays = {
        place: pa.chunked_array([pa.array(cells, pa.string())]).dictionary_encode()
        for place, cells in columns.items()
    }
    return _Rows(cells=arrays, lines=np.array(lines, dtype=np.int64), unread=unread)


def _totals(body: bytes, layout: _Layout, lines: NDArray[np.int64]) -> dict[int, tuple[str, str]]:
    """Rows at the end that add up those above."""
    start = len(body)
    for _ in range(_LAST):
        start = body.rfind(b"\n", 0, max(start, 0))
        if start < 0:
            break
    tail = body[start + 1 :].decode().split("\n")
    last = layout.below + body.count(b"\n") + 1
    found = {}
    for back, text in enumerate(reversed(tail)):
        if words.is_total(_cells(text, layout.separator) or []):
            at = int(np.searchsorted(lines, last - back))
            if at < len(lines) and lines[at] == last - back:
                found[at] = (TOTAL, text)
    return found


def _below(data: bytes, lines: int) -> bytes:
    """What stands below so many lines."""
    start = 0
    for _ in range(lines):
        start = data.find(b"\n", start) + 1
        if not start:
            return b""
    return data[start:]
