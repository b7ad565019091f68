"""Raw files as typed Parquet files, a batch of rows each.

Whatever one row tells by itself is found here, by the functions that clean and split in memory: its values,
why it is refused, and the hashes by which it is drawn.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from house_prices.contract.schema import Contract
from house_prices.errors import SourceError
from house_prices.progress import Tell, now_and_then, silent
from house_prices.sales import cells, clean, formats, read, split, typed_formats
from house_prices.sales.columns import FILE, LINE, REASON, UNREAD
from house_prices.sales.rules import rules
from house_prices.sales.sheet import Sheet, places

ROWS = 250_000
"""Of a batch, and held in memory at once."""
AT, OWN, EQUAL, GROUP = "_at", "_own", "_equal", "_group"
"""A sale's place among all rows; hashes of it, of its features and price, and of its property if known."""
RAW = "raw:"
"""Before the header of a raw cell."""

Types = Mapping[str, set[pa.DataType]]


def write(files: Sequence[Path], contract: Contract, folder: Path, tell: Tell = silent) -> int:
    """Write every row of the files, and return how many there are. Raises SourceError, as `read` does."""
    if not files:
        raise SourceError(read.no_file(contract))
    types, first, progress = _types(files, contract), 0, now_and_then(tell)
    for path in files:
        for number, sheet in enumerate(_sheets(path, contract)):
            progress(f"reading {path.name}: {first} sales so far")
            rows = _rows(_alike(sheet, types, contract.decimal), contract, first)
            pq.write_table(rows, folder / f"{first:012}-{number:06}.parquet", compression="lz4")
            first += rows.num_rows
    return first


def _sheets(path: Path, contract: Contract) -> Iterator[Sheet]:
    with path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    if is_parquet:
        yield from typed_formats.parquet_batches(path, contract.columns, ROWS)
        return
    for sheet in formats.sheets(path, contract.columns, contract.decimal, read.plain(contract)):
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


def _types(files: Sequence[Path], contract: Contract) -> Types:
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
    typed = {place: read.alike(sheet.cells[place], types[column], decimal) for column, place in found.items()}
    return replace(sheet, cells=typed)


def _rows(sheet: Sheet, contract: Contract, first: int) -> pa.Table:
    raw = read.together([sheet], contract.columns, contract.decimal)
    typed = cells.typed(raw, contract)
    judged = nw.from_native(typed).with_columns(clean.first_reason(list(rules(contract)))).to_native()
    sales = typed.drop(columns=[FILE, LINE, REASON])
    own = pd.util.hash_pandas_object(sales, index=False)
    group = split.own_group(sales, own)
    hashes: dict[str, pd.Series] = {OWN: own, EQUAL: split.alike(sales, contract), GROUP: group}
    hashes[AT] = pd.Series(np.arange(first, first + len(raw)))
    judged = judged.assign(**hashes)
    written = raw.drop(columns=[FILE, LINE, UNREAD]).add_prefix(RAW)
    return _table(pd.concat([judged, written], axis="columns"))


def _table(frame: pd.DataFrame) -> pa.Table:
    """With the same types for every batch, even one in which a column is empty."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    fields = [
        field
        if pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
        else field.with_type(pa.string())
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))
