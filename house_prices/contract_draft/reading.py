"""A file of sales that no contract describes yet, as text."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from house_prices.errors import SourceError

EMPTY = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null")

SEPARATORS = (";", "\t", "|", ",")
"""The comma comes last: where two fit, it is the decimal mark."""

_SAMPLE = 1 << 18
_POINT = re.compile(r"[+-]?[\d,]*\.\d+")
_COMMA = re.compile(r"[+-]?[\d.]*,\d+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}([.,]\d{3})+")
_ENOUGH = 1000
"""Different values of a column that are looked at for the decimal mark."""


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """The cells of a file as they stand in it."""

    file: str
    separator: str
    decimal: str
    """The mark before the decimals, a point or a comma."""
    cells: pd.DataFrame
    """Text without the blanks around it, by header; null where a cell is empty."""


def read(path: Path) -> RawTable:
    """Read a file. Raises SourceError where no separator, or no table, can be made out."""
    sample = _sample(path)
    try:
        separator = _separator(sample, path)
        headers = next(csv.reader(sample, delimiter=separator))
    except csv.Error as error:
        raise SourceError(f"{path.name} cannot be read as CSV: {error}. Is a quote left open?") from error
    _check_headers(headers, path)
    cells = _parse(path, headers, separator).apply(_tidy)
    if cells.empty:
        raise SourceError(f"{path.name} has a header and no sales. Nothing can be drafted from it.")
    return RawTable(file=path.name, separator=separator, decimal=_decimal(cells), cells=cells)


def _sample(path: Path) -> list[str]:
    """The first lines, whole ones only."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read(_SAMPLE)
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path.name} is not UTF-8: {error.reason}. Save the file as UTF-8.") from error
    lines = text.splitlines(keepends=True)
    if not text.strip():
        raise SourceError(f"{path.name} is empty. Give a file with a header and sales.")
    return lines[:-1] if len(text) == _SAMPLE and len(lines) > 1 else lines


def _separator(sample: list[str], path: Path) -> str:
    """The mark that parts the most rows into as many cells as the header has."""

    def fit(separator: str) -> float:
        widths = [len(row) for row in csv.reader(sample, delimiter=separator) if row]
        return 0.0 if widths[0] < 2 else widths.count(widths[0]) / len(widths)

    best = max(SEPARATORS, key=fit)
    if not fit(best):
        raise SourceError(
            f"{path.name}: the header {sample[0].strip()[:80]!r} is one column. "
            "Separate columns by a comma, a semicolon, a tab or a bar."
        )
    return best


def _check_headers(headers: list[str], path: Path) -> None:
    """The same rules as for a file that has its contract: a first column of row names may go unnamed."""
    if not headers:
        raise SourceError(f"{path.name}, line 1 is empty. The first line names the columns.")
    for place, header in enumerate(headers, start=1):
        if not header.strip() and place > 1:
            raise SourceError(f"{path.name}, line 1, column {place}: the header is empty. Name the column.")
        if headers.count(header) > 1:
            raise SourceError(f"{path.name}, line 1, column {place}: the header {header!r} stands twice.")


def _parse(path: Path, headers: list[str], separator: str) -> pd.DataFrame:
    try:
        table = pa.csv.read_csv(
            path,
            parse_options=pa.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(headers, pa.string()), null_values=EMPTY, strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid as error:
        raise SourceError(f"{path.name} cannot be read as CSV: {error}") from error
    return pd.DataFrame(table.to_pandas())


def _tidy(column: "pd.Series[str]") -> "pd.Series[str]":
    text = column.str.strip()
    return text.mask(text == "")


def _decimal(cells: pd.DataFrame) -> str:
    """A comma where numbers have one and it does not group thousands."""
    commas = points = 0
    for header in cells.columns:
        texts = cells[header].dropna().unique()[:_ENOUGH]
        commas += sum(bool(_COMMA.fullmatch(text)) and not _THOUSANDS.fullmatch(text) for text in texts)
        points += sum(bool(_POINT.fullmatch(text)) and not _THOUSANDS.fullmatch(text) for text in texts)
    return "," if commas > points else "."
