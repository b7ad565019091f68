"""Raw sales: every CSV file of a market, as it was written, with a checksum a file."""

import codecs
import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from house_prices.contract.schema import Contract
from house_prices.errors import SourceError
from house_prices.sales.columns import FILE, ROW

SEPARATORS = (",", ";", "\t", "|")
EMPTY = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null")
"""Spellings of an empty cell."""

_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class RawFile:
    """One file that was read."""

    name: str
    sha256: str
    rows: int
    ignored: tuple[str, ...]
    """Columns that the contract does not know."""


@dataclass(frozen=True, kw_only=True)
class RawSales:
    """What the files hold."""

    sales: pd.DataFrame
    """The contract's columns under their headers, and FILE and ROW."""
    files: tuple[RawFile, ...]


def paths(folder: Path) -> list[Path]:
    """The CSV files in a raw folder, in the order of their names."""
    return sorted(path for path in folder.glob("*") if path.suffix.lower() in (".csv", ".tsv", ".txt"))


def checksums(files: Sequence[Path]) -> dict[str, str]:
    """sha256 of each file by its name."""
    return {path.name: _sha256(path) for path in files}


def read(files: Sequence[Path], contract: Contract) -> RawSales:
    """Read every file. Raises SourceError that names file, line and column of the first fault."""
    if not files:
        raise SourceError(f"{contract.name} has no raw file. Put a CSV into data/{contract.name}/raw/.")
    frames, described = [], []
    for path in files:
        frame, file = _read_file(path, contract)
        frames.append(frame)
        described.append(file)
    names = [file.name for file in described]
    for frame, name in zip(frames, names, strict=True):
        frame[FILE] = pd.Categorical([name], categories=names).repeat(len(frame))
        frame[ROW] = range(1, len(frame) + 1)
    sales = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    return RawSales(sales=sales, files=tuple(described))


def _read_file(path: Path, contract: Contract) -> tuple[pd.DataFrame, RawFile]:
    quoted = _check_bytes(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = ((number, line) for number, line in enumerate(file, start=1) if line.strip())
        at, first = next(lines, (1, ""))
    separator = max(SEPARATORS, key=lambda mark: len(set(_cells(first, mark)) & set(contract.columns)))
    headers = _cells(first, separator)
    _check_headers(path, at, headers, contract)
    table = _parse(path, separator, quoted, contract)
    ignored = tuple(header for header in headers if header not in contract.columns)
    frame = table.to_pandas(date_as_object=False, split_blocks=True, self_destruct=True)
    return frame, RawFile(name=path.name, sha256=_sha256(path), rows=len(frame), ignored=ignored)


def _parse(path: Path, separator: str, quoted: bool, contract: Contract) -> pa.Table:
    ragged: list[pa.csv.InvalidRow] = []

    def keep(row: pa.csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    texts = [feature.column for feature in contract.categories]
    texts += [contract.keys.property] if contract.keys.property else []
    try:
        table = pa.csv.read_csv(
            path,
            parse_options=pa.csv.ParseOptions(
                delimiter=separator, newlines_in_values=quoted, invalid_row_handler=keep
            ),
            convert_options=pa.csv.ConvertOptions(
                include_columns=contract.columns,
                column_types=dict.fromkeys(texts, pa.string()),
                null_values=EMPTY,
                strings_can_be_null=True,
                decimal_point=contract.decimal,
            ),
        )
    except pa.ArrowInvalid as error:
        raise SourceError(f"{path.name} cannot be read as CSV: {error}") from error
    if ragged:
        _refuse_ragged(path, ragged[0])
    if table.num_rows == 0:
        raise SourceError(f"{path.name} has a header and no sales. Remove it, or add sales to it.")
    return table


def _refuse_ragged(path: Path, row: "pa.csv.InvalidRow") -> None:
    text = str(row.text)
    begins = text.partition("\n")[0].rstrip("\r")
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = (number for number, line in enumerate(file, start=1) if line.rstrip("\r\n") == begins)
        where = next(lines, "unknown")
    raise SourceError(
        f"{path.name}, line {where}: {row.actual_columns} columns, where the header has "
        f"{row.expected_columns}. A separator inside a value needs quotes. The line: {text[:120]}"
    )


def _cells(line: str, separator: str) -> list[str]:
    return next(csv.reader([line.rstrip("\r\n")], delimiter=separator), [])


def _check_headers(path: Path, line: int, headers: list[str], contract: Contract) -> None:
    if not headers:
        raise SourceError(f"{path.name} is empty. Remove it, or put a header and sales into it.")
    for column, header in enumerate(headers, start=1):
        if headers.count(header) > 1:
            raise SourceError(
                f"{path.name}, line {line}, column {column}: the header {header!r} stands twice."
            )
        if not header.strip() and column > 1:
            raise SourceError(
                f"{path.name}, line {line}, column {column}: the header is empty. Name the column."
            )
    missing = [column for column in contract.columns if column not in headers]
    if missing:
        raise SourceError(
            f"{path.name}, line {line}: {len(missing)} of the contract's columns are missing: "
            f"{', '.join(missing)}. The file has: {', '.join(headers)}."
        )


def _check_bytes(path: Path) -> bool:
    """Raise SourceError on bytes that are not UTF-8; tell whether the file has any quotes."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    quoted = False
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                quoted = quoted or b'"' in chunk
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise SourceError(_name_bad_byte(path)) from error
    return quoted


def _name_bad_byte(path: Path) -> str:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                where = f"{path.name}, line {number}, column {error.start + 1}"
                return f"{where}: the byte 0x{line[error.start]:02x} is not UTF-8. Save the file as UTF-8."
    raise AssertionError("called only for a file that is not UTF-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
