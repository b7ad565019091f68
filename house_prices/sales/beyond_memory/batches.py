"""Raw files as one Parquet file of typed sales, a batch of rows at a time.

Whatever one row tells by itself is found here, by the functions that clean and split in memory: its values,
why it is refused, and the hashes by which it is drawn.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from house_prices.contract.schema import Contract
from house_prices.errors import SourceError
from house_prices.progress import Tell, now_and_then, silent
from house_prices.sales import cells, clean, formats, split, typed_formats
from house_prices.sales import files as raw_files
from house_prices.sales import read as whole
from house_prices.sales.columns import FILE, LINE, REASON, UNREAD
from house_prices.sales.sheet import Sheet, places

ROWS = 250_000
"""Of a batch, and held in memory at once."""
HASHES = AT, OWN, EQUAL, OWN_GROUP, DRAW, REDRAW = "_at", "_own", "_equal", "_group", "_draw", "_redraw"
"""A sale's place among all rows; hashes of it, of its features and price, and of its property if known;
the draws of that property, from 0 to 1."""
THREADS = 2
"""Batches that are worked on at once."""
RAW = "raw:"
"""Before the header of a raw cell."""
FACTS = "PANDAS_ATTRS"
"""Key of a Parquet file's metadata that pandas takes for a frame's `attrs`, in JSON."""
_SIGN = np.uint64(1 << 63)

Done = TypeVar("Done")
Types = Mapping[str, set[pa.DataType]]


@dataclass(frozen=True, kw_only=True)
class Raw:
    """Raw sales as they were written."""

    sales: Path
    """A Parquet file of every row: its raw cells, its typed values, why it is refused, and its HASHES."""
    files: tuple[whole.RawFile, ...]
    rows: int


def read(
    files: Sequence[Path],
    contract: Contract,
    folder: Path,
    tell: Tell = silent,
    checksums: Mapping[str, str] | None = None,
    *,
    among: Types | None = None,
    first: int = 0,
) -> Raw:
    """Write every row of the files, as `reading.read` says.

    If they are some among others, `among` are the types of all, and `first` the place of their first row.
    """
    if not files:
        raise SourceError(whole.no_file(contract))
    types, progress = among or types_in(files, contract), now_and_then(tell)
    path, found, rows = folder / "raw.parquet", dict[str, whole.RawFile](), 0
    writer = None

    def numbered() -> Iterator[tuple[Sheet, int]]:
        nonlocal rows
        for file in files:
            checksum = raw_files.sha256(file)
            for sheet in _sheets(file, contract):
                described = whole.described(sheet, checksum, contract.columns)
                before = found[sheet.file].rows if sheet.file in found else 0
                found[sheet.file] = replace(described, rows=before + described.rows)
                progress(f"reading {file.name}: {rows} sales so far")
                yield _alike(sheet, types, contract.decimal), first + rows
                rows += len(sheet.lines)

    try:
        for batch in _in_threads(lambda sheet, first: _rows(sheet, contract, first), numbered()):
            writer = writer or _writer(path, batch.schema)
            writer.write_table(batch)
    finally:
        if writer:
            writer.add_key_value_metadata({FACTS: told(found.values(), checksums or {})})
            writer.close()
    return Raw(sales=path, files=tuple(found.values()), rows=rows)


def _in_threads(do: Callable[..., Done], given: Iterable[tuple[Any, ...]]) -> Iterator[Done]:
    """What is done with each, in their order; one is done while the last is written and the next is read."""
    with ThreadPoolExecutor(THREADS) as threads:
        waiting = deque[Future[Done]]()
        for each in given:
            waiting.append(threads.submit(do, *each))
            if len(waiting) > THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Only texts repeat so often that a dictionary of them is worth its time."""
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    packed = {field.name: "none" if field.name in HASHES else "lz4" for field in schema}
    return pq.ParquetWriter(path, schema, compression=packed, use_dictionary=texts)


def _sheets(path: Path, contract: Contract) -> Iterator[Sheet]:
    with path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    if is_parquet:
        yield from typed_formats.parquet_batches(path, contract.columns, ROWS)
        return
    for sheet in formats.sheets(path, contract.columns, contract.decimal, whole.plain(contract)):
        for first in range(0, len(sheet.lines), ROWS):
            yield _part(sheet, first)


def _part(sheet: Sheet, first: int) -> Sheet:
    """ROWS of its rows, from the first on."""
    return replace(
        sheet,
        cells={place: column.slice(first, ROWS) for place, column in sheet.cells.items()},
        lines=sheet.lines[first : first + ROWS],
        unread={at - first: why for at, why in sheet.unread.items() if first <= at < first + ROWS},
    )


def types_in(files: Sequence[Path], contract: Contract) -> Types:
    """The types that each column has in all files: a batch alone could not tell numbers from text."""
    types: dict[str, set[pa.DataType]] = {column: set() for column in contract.columns}
    for path in files:
        seen = ""
        for sheet in _sheets(path, contract):
            if sheet.file == seen:
                continue
            seen = sheet.file
            for column, place in places(sheet.headers, contract.columns).items():
                types[column].add(sheet.cells[place].type)
            if sheet.header_line == 0:  # Parquet, whose only table this is
                break
    return types


def _alike(sheet: Sheet, types: Types, decimal: str) -> Sheet:
    found = places(sheet.headers, list(types))
    typed = {
        place: whole.alike(sheet.cells[place], types[column], decimal) for column, place in found.items()
    }
    return replace(sheet, cells=typed)


def _rows(sheet: Sheet, contract: Contract, first: int) -> pa.Table:
    raw = whole.together([sheet], contract.columns, contract.decimal)
    typed = cells.typed(raw, contract)
    typed[REASON] = clean.reasons(typed, contract)
    sales = typed.drop(columns=[FILE, LINE, REASON])
    own = pd.util.hash_pandas_object(sales, index=False)
    group = split.own_group(sales, own)
    hashes = {
        AT: np.arange(first, first + len(raw)),
        OWN: ordered(own),
        EQUAL: ordered(split.alike(sales, contract)),
        OWN_GROUP: ordered(group),
        DRAW: split.drawn(group.to_numpy()),
        REDRAW: split.redrawn(group.to_numpy()),
    }
    written = raw.drop(columns=[FILE, LINE, UNREAD]).add_prefix(RAW)
    at = places(sheet.headers, contract.columns)
    types = {RAW + column: sheet.cells[place].type for column, place in at.items()}
    return _table(pd.concat([typed.assign(**hashes), written], axis="columns"), types)


def _table(frame: pd.DataFrame, types: Mapping[str, pa.DataType]) -> pa.Table:
    """With the same types for every batch, even one in which a column is empty, or has gaps."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    typed = [types.get(field.name, field.type) for field in table.schema]
    numbers = [pa.types.is_integer(each) or pa.types.is_floating(each) for each in typed]
    return table.cast(
        pa.schema(
            (name, each if is_number else pa.string())
            for name, each, is_number in zip(table.column_names, typed, numbers, strict=True)
        )
    )


def told(files: Iterable[whole.RawFile], checksums: Mapping[str, str]) -> str:
    """What is told of the sales in raw files, in JSON."""
    found = {file.name: (checksums.get(file.name, file.sha256), file.rows) for file in files}
    sums = {name: checksum for name, (checksum, _) in found.items()}
    return json.dumps({"files": sums, "read": sum(rows for _, rows in found.values())})


def facts(file: Path) -> dict[str, Any]:
    """What was told of the sales in a file: what pandas will have as `attrs`."""
    found: dict[str, Any] = json.loads(pq.read_metadata(file).metadata[FACTS.encode()])
    return found


def ordered(hashes: pd.Series) -> NDArray[np.int64]:
    """Unsigned hashes as signed numbers of the same order, which every engine has."""
    return (hashes.to_numpy(np.uint64) ^ _SIGN).view(np.int64)


def unordered(numbers: pd.Series) -> NDArray[np.uint64]:
    """The hashes again."""
    return numbers.to_numpy(np.int64).view(np.uint64) ^ _SIGN
