"""Raw sales: every file of a market together, as text, with the file and line of every row.

What a cell means is decided by the contract, in `cells`, and never by the file it stands in.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from house_prices.contract.schema import Contract
from house_prices.errors import SourceError
from house_prices.progress import Tell, now_and_then, silent
from house_prices.sales import files as raw_files
from house_prices.sales import formats, words
from house_prices.sales.columns import FILE, LINE, TEXT, UNREAD
from house_prices.sales.files import checksums
from house_prices.sales.sheet import Sheet, places

__all__ = ["RawFile", "RawSales", "checksums", "paths", "read", "together"]

EMPTY_LINE = "an empty line"
LARGE_MB = 50
"""From this size on, reading a file takes seconds."""


@dataclass(frozen=True, kw_only=True)
class RawFile:
    """One file that was read, or one within a zip."""

    name: str
    sha256: str
    rows: int
    ignored: tuple[str, ...]
    """Columns that the contract does not know."""
    above: tuple[str, ...] = ()
    """Lines above the header."""


@dataclass(frozen=True, kw_only=True)
class RawSales:
    """What the files hold."""

    sales: pd.DataFrame
    """The contract's columns under their headers, as text or as typed; FILE, LINE, UNREAD and TEXT."""
    files: tuple[RawFile, ...]


def paths(folder: Path) -> list[Path]:
    """The files of sales in a raw folder, in the order of their names."""
    return list(raw_files.find(folder).sales)


def read(files: Sequence[Path], contract: Contract, tell: Tell = silent) -> RawSales:
    """Read every file. Raises SourceError that names the first one that has no such table, and why."""
    if not files:
        raise SourceError(no_file(contract))
    sheets, found, numbers = [], [], plain(contract)
    progress = now_and_then(tell)
    for at, path in enumerate(files, start=1):
        megabytes = path.stat().st_size / 1e6 if path.exists() else 0.0
        (tell if megabytes > LARGE_MB else progress)(
            f"reading {path.name}, {megabytes:.0f} MB, {at} of {len(files)}"
        )
        checksum = raw_files.sha256(path)
        for sheet in formats.sheets(path, contract.columns, contract.decimal, numbers):
            sheets.append(sheet)
            found.append(described(sheet, checksum, contract.columns))
    return RawSales(sales=together(sheets, contract.columns, contract.decimal), files=tuple(found))


def no_file(contract: Contract) -> str:
    """What to do about a market without sales."""
    return (
        f"{contract.name} has no raw file. Put a CSV, Parquet or Excel file into data/{contract.name}/raw/."
    )


def plain(contract: Contract) -> list[str]:
    """The columns whose cells are numbers, with a decimal point."""
    columns = [(feature.column, feature.decimal) for feature in contract.numbers]
    columns.append((contract.target.column, contract.target.decimal))
    return [column for column, decimal in columns if (decimal or contract.decimal) == "."]


def described(sheet: Sheet, checksum: str, columns: Sequence[str]) -> RawFile:
    """What there is to say of a sheet's file, apart from its cells."""
    known = places(sheet.headers, columns).values()
    ignored = tuple(header for at, header in enumerate(sheet.headers) if at not in known)
    return RawFile(
        name=sheet.file, sha256=checksum, rows=len(sheet.lines), ignored=ignored, above=sheet.above
    )


def together(sheets: Sequence[Sheet], columns: Sequence[str], decimal: str) -> pd.DataFrame:
    """The rows of all sheets, one below the other, by the headers in `columns`."""
    found = [places(sheet.headers, columns) for sheet in sheets]
    arrays: dict[str, pa.ChunkedArray] = {}
    for column in columns:
        parts = [sheet.cells[at[column]] for sheet, at in zip(sheets, found, strict=True)]
        arrays[column] = _one_column(parts, decimal)
    table = pa.table(arrays).unify_dictionaries()
    sales = table.to_pandas(split_blocks=True, self_destruct=True)
    names = [sheet.file for sheet in sheets]
    codes = np.repeat(np.arange(len(sheets), dtype=np.int32), [len(sheet.lines) for sheet in sheets])
    sales[FILE] = pd.Categorical.from_codes(codes, categories=pd.Index(names))
    sales[LINE] = np.concatenate([sheet.lines for sheet in sheets])
    return _with_unread(sales, sheets, columns)


def _one_column(parts: Sequence[pa.ChunkedArray], decimal: str) -> pa.ChunkedArray:
    types = {part.type for part in parts}
    parts = [alike(part, types, decimal) for part in parts]
    return pa.chunked_array([chunk for part in parts for chunk in part.chunks], type=parts[0].type)


def alike(part: pa.ChunkedArray, types: Collection[pa.DataType], decimal: str) -> pa.ChunkedArray:
    """One sheet's cells as those of all sheets, which have these types: numbers if all are, else text."""
    if not all(pa.types.is_integer(each) or pa.types.is_floating(each) for each in types):
        return _as_text(part, decimal)
    return part if len(types) == 1 else part.cast(pa.float64())


def _as_text(part: pa.ChunkedArray, decimal: str) -> pa.ChunkedArray:
    """Coded text, as a CSV file would have it."""
    kind = part.type
    if pa.types.is_dictionary(kind):
        if kind == pa.dictionary(pa.int32(), pa.string()):
            return part
        part = part.cast(kind.value_type)
        kind = part.type
    if pa.types.is_temporal(kind):
        part = pc.strftime(part, format="%Y-%m-%d")
    elif pa.types.is_decimal(kind):
        part, kind = part.cast(pa.float64()), pa.float64()
    texts = part.cast(pa.string())
    if pa.types.is_floating(kind) and decimal == ",":
        texts = pc.replace_substring(texts, ".", ",")
    return pc.dictionary_encode(texts)


def _with_unread(sales: pd.DataFrame, sheets: Sequence[Sheet], columns: Sequence[str]) -> pd.DataFrame:
    """UNREAD and TEXT of the rows that are no sales: those that their sheets name, and empty ones."""
    why = np.full(len(sales), None, dtype=object)
    text = why.copy()
    first = 0
    for sheet in sheets:
        for row, (reason, line) in sheet.unread.items():
            why[first + row], text[first + row] = reason, line
        first += len(sheet.lines)
    why[_empty_rows(sales, columns) & (why == None)] = EMPTY_LINE  # noqa: E711  # element by element
    sales[UNREAD] = pd.array(why, dtype="str")
    sales[TEXT] = pd.array(text, dtype="str")
    return sales


def _empty_rows(sales: pd.DataFrame, columns: Sequence[str]) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Rows without anything in any of the columns."""
    empty = np.ones(len(sales), dtype=bool)
    for column in columns:
        cells = sales[column]
        if isinstance(cells.dtype, pd.CategoricalDtype):
            blank = np.array([not words.tidy(str(text)) for text in cells.cat.categories] + [True])
            empty &= blank[cells.cat.codes.to_numpy()]
        else:
            empty &= cells.isna().to_numpy()
        if not empty.any():
            break
    return empty
