"""Formats whose cells have types: Parquet, and Excel and LibreOffice workbooks."""

import datetime
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from house_prices.errors import SourceError
from house_prices.sales import words
from house_prices.sales.delimited import TOTAL
from house_prices.sales.sheet import Sheet, check_header, header_at, places

_LAST = 3


def parquet(file: str, data: bytes, wanted: Sequence[str] | None) -> Sheet:
    """The table of a Parquet file, as it is typed there. A line is a row, from 1."""
    try:
        source = pa.parquet.ParquetFile(pa.BufferReader(data))
        columns = source.schema_arrow.names
        headers = tuple(map(words.header, columns))
        check_header(file, 1, headers, wanted)
        asked = range(len(headers)) if wanted is None else sorted(set(places(headers, wanted).values()))
        table = source.read(columns=[columns[place] for place in asked])
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(f"{file} cannot be read as Parquet: {error}") from error
    if not table.num_rows:
        raise SourceError(f"{file} has columns and no sales. Remove it, or add sales to it.")
    return Sheet(
        file=file,
        headers=headers,
        header_line=0,
        above=(),
        separator="",
        cells={place: table[columns[place]] for place in asked},
        lines=np.arange(1, table.num_rows + 1, dtype=np.int64),
        unread={},
    )


def parquet_batches(path: Path, wanted: Sequence[str], rows: int) -> Iterator[Sheet]:
    """The table of a Parquet file, at most so many rows at a time."""
    first = 1
    try:
        with pa.parquet.ParquetFile(path) as source:
            headers = tuple(map(words.header, source.schema_arrow.names))
            check_header(path.name, 1, headers, wanted)
            asked = sorted(set(places(headers, wanted).values()))
            names = [source.schema_arrow.names[place] for place in asked]
            for batch in source.iter_batches(batch_size=rows, columns=names):
                yield Sheet(
                    file=path.name,
                    headers=headers,
                    header_line=0,
                    above=(),
                    separator="",
                    cells={
                        place: pa.chunked_array([batch[name]])
                        for place, name in zip(asked, names, strict=True)
                    },
                    lines=np.arange(first, first + batch.num_rows, dtype=np.int64),
                    unread={},
                )
                first += batch.num_rows
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(f"{path.name} cannot be read as Parquet: {error}") from error
    if first == 1:
        raise SourceError(f"{path.name} has columns and no sales. Remove it, or add sales to it.")


def workbook(file: str, data: bytes, wanted: Sequence[str] | None, decimal: str) -> Sheet:
    """The one sheet of a workbook that has the wanted columns; the first that holds a table for None."""
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = [each.name for each in book.sheets_metadata]
        tables = {
            name: [[_text(cell, decimal) for cell in row] for row in _rows(book, name)] for name in names
        }
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise SourceError(f"{file} cannot be read as a workbook: {error}. Has it a password?") from error
    tables = {
        name: rows for name, rows in tables.items() if header_at(rows, None) is not None and len(rows) > 1
    }
    if not tables:
        raise SourceError(f"{file} has no sheet with a header and sales.")
    name = max(tables, key=lambda name: _fit(tables[name], wanted))
    return _sheet(file if len(names) == 1 else f"{file}/{name}", tables[name], wanted)


def _rows(book: object, name: str) -> list[list[object]]:
    rows: list[list[object]] = book.get_sheet_by_name(name).to_python(skip_empty_area=False)  # type: ignore[attr-defined]
    return rows


def _fit(rows: list[list[str]], wanted: Sequence[str] | None) -> int:
    at = header_at(rows, wanted)
    return (
        0 if wanted is None or at is None else len(places([words.header(cell) for cell in rows[at]], wanted))
    )


def _sheet(file: str, rows: list[list[str]], wanted: Sequence[str] | None) -> Sheet:
    filled = [(line, row) for line, row in enumerate(rows, start=1) if "".join(row).strip()]
    at = header_at([row for _, row in filled], wanted)
    assert at is not None  # noqa: S101  # the caller has found one
    line, header = filled[at]
    headers = tuple(map(words.header, header))
    check_header(file, line, headers, wanted)
    asked = range(len(headers)) if wanted is None else sorted(set(places(headers, wanted).values()))
    below = filled[at + 1 :]
    if not below:
        raise SourceError(f"{file} has a header and no sales. Remove it, or add sales to it.")
    ends = range(max(len(below) - _LAST, 0), len(below))
    return Sheet(
        file=file,
        headers=headers,
        header_line=line,
        above=tuple(" ".join(filter(None, row)) for _, row in filled[:at]),
        separator="",
        cells={
            place: pa.chunked_array([pa.array([row[place] for _, row in below], pa.string())])
            for place in asked
        },
        lines=np.array([line for line, _ in below], dtype=np.int64),
        unread={at: (TOTAL, " ".join(below[at][1])) for at in ends if words.is_total(below[at][1])},
    )


def _text(cell: object, decimal: str) -> str:
    """A cell as a CSV file would have it."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell).replace(".", decimal)
    if isinstance(cell, datetime.datetime | datetime.date):
        return cell.isoformat()
    return str(cell)
