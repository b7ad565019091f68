"""Tables of houses a piece at a time, so that one of any length fits into memory.

Text (also gz, zst and bz2) and Parquet are cut into pieces. Workbooks, archives and text in two or four bytes
a letter are read as a whole: the former two hold a million rows at most, and the latter is rare.
"""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from house_prices.errors import SourceError
from house_prices.sales import delimited, encoding, formats, words
from house_prices.sales.sheet import Sheet, check_header

ROWS = 50_000
"""Of Parquet."""
BYTES, MOST_BYTES = 8 * 2**20, 64 * 2**20
"""Of text: usually, and at most."""


def read(path: Path) -> Iterator[Sheet]:
    """The pieces of a file, the same ones each time. Raises SourceError."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            codec = next((codec for mark, codec in formats.CODECS.items() if start.startswith(mark)), "")
            if start == b"PAR1":
                yield from _of_parquet(path)
            elif codec in ("gzip", "zstd", "bz2"):
                with pa.CompressedInputStream(pa.PythonFile(file), codec) as unpacked:
                    yield from _of_text(path, unpacked)
            elif start.startswith((b"\xd0\xcf\x11\xe0", b"PK", b"\xfd7z")) or _is_wide(path):
                yield from formats.sheets(path, None)
            else:
                yield from _of_text(path, file)
    except (OSError, pa.ArrowInvalid) as error:
        raise SourceError(f"{path.name} cannot be read: {error}") from error


def _is_wide(path: Path) -> bool:
    """Whether a newline byte alone need not end a line."""
    with path.open("rb") as file:
        return b"\0" in file.read(4096)


def _of_parquet(path: Path) -> Iterator[Sheet]:
    source = pq.ParquetFile(path)
    headers = tuple(map(words.header, source.schema_arrow.names))
    check_header(path.name, 1, headers, None)
    line = 1
    for batch in source.iter_batches(batch_size=ROWS):
        yield Sheet(
            file=path.name,
            headers=headers,
            header_line=0,
            above=(),
            separator="",
            cells={at: pa.chunked_array([column]) for at, column in enumerate(batch.columns)},
            lines=np.arange(line, line + batch.num_rows, dtype=np.int64),
            unread={},
        )
        line += batch.num_rows


def _of_text(path: Path, file: "IO[bytes] | Any") -> Iterator[Sheet]:
    """Whole records below a copy of the header."""
    left, head, line = b"", b"", 0
    while block := file.read(BYTES):
        left += block
        end = _end_of_record(left)
        if end:
            head, sheet, line = _piece(path.name, head, left[:end], line)
            yield sheet
            left = left[end:]
    if left.strip():
        yield _piece(path.name, head, left, line)[1]


def _end_of_record(text: bytes) -> int:
    """Where the last record ends that is whole: behind a newline with an even number of quotes before it.

    A quote that is left open for several pieces was none, but a sign for inches.
    """
    end = text.rfind(b"\n") + 1
    if len(text) > MOST_BYTES:
        return end
    quotes = text.count(b'"', 0, end)
    while end and quotes % 2:
        former = text.rfind(b"\n", 0, end - 1) + 1
        quotes -= text.count(b'"', former, end)
        end = former
    return end


def _piece(name: str, head: bytes, body: bytes, line: int) -> tuple[bytes, Sheet, int]:
    """The header's lines, the table, and the last line of the file that it has."""
    lines = body.count(b"\n")
    text = encoding.as_utf8(head + body, name)
    sheet = delimited.read(name, text, None)
    if not head:
        kept = io.BytesIO(body)
        head = b"".join(kept.readline() for _ in range(int(sheet.lines[0]) - 1))
        return head, sheet, lines
    return head, replace(sheet, lines=sheet.lines + line - head.count(b"\n")), line + lines
