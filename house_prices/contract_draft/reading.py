"""A file of sales that no contract describes yet, as text."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from house_prices.errors import SourceError
from house_prices.sales import formats, numbers, words
from house_prices.sales.columns import LINE, TEXT, UNREAD
from house_prices.sales.read import EMPTY_LINE, together
from house_prices.sales.sheet import Sheet

_ENOUGH = 1000
"""Different values of a column that are looked at for the decimal mark."""


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """The cells of a file as they stand in it."""

    file: str
    separator: str
    decimal: str
    """The mark before the decimals, a point or a comma."""
    doubt: str
    """A number such as 391.000 if nothing in the file tells which mark that is; else empty."""
    notes: tuple[str, ...]
    """What is in the file beside its sales: title lines, lines of totals."""
    cells: pd.DataFrame
    """Tidy text by header; null if a cell is empty."""


def read(path: Path) -> RawTable:
    """Read a file. Raises SourceError if no separator, or no table, can be made out."""
    sheet, *others = formats.sheets(path, None)
    headers = [header for header in sheet.headers if header]
    raw = together([sheet], headers, ".")
    sales = raw[raw[UNREAD].isna()]
    if sales.empty:
        raise SourceError(f"{path.name} has a header and no sales. {_unlike(sheet, raw)}")
    cells = sales[headers].apply(_tidy).reset_index(drop=True)
    if "" in sheet.headers[:1]:
        cells.insert(0, "", [str(line) for line in range(1, len(cells) + 1)])
    decimal, doubt = _decimal(cells, sheet.separator)
    notes = [*_notes(sheet, raw), *(f"It holds other tables too: {each.file}." for each in others)]
    return RawTable(
        file=sheet.file,
        separator=sheet.separator,
        decimal=decimal,
        doubt=doubt,
        notes=tuple(notes),
        cells=cells,
    )


def _unlike(sheet: Sheet, raw: pd.DataFrame) -> str:
    """Why lines below the header are no sales, by the first of them."""
    line, why, text = raw[[LINE, UNREAD, TEXT]].iloc[0]
    headers, begins = sheet.headers, f", {text[:60]!r}" if isinstance(text, str) else ""
    return (
        f"The header, in line {sheet.header_line}, names {len(headers)} columns, from {headers[0]!r} to "
        f"{headers[-1]!r}; line {line} is no sale but {why}{begins}."
    )


def _tidy(column: pd.Series) -> "pd.Series[str]":
    """Text by text, each different one once."""
    texts = column.astype("str")
    tidy = {text: words.tidy(str(text)) for text in texts.dropna().unique()}
    known = {text: None if words.is_empty(each) else each for text, each in tidy.items()}
    return pd.Series(texts.map(known), dtype="str")


def _notes(sheet: Sheet, raw: pd.DataFrame) -> list[str]:
    notes = [f"Above the header stands: {text}" for text in sheet.above]
    unread = raw[raw[UNREAD].notna() & (raw[UNREAD] != EMPTY_LINE)]
    for line, why, text in unread[[LINE, UNREAD, TEXT]].head(3).itertuples(index=False):
        notes.append(f"Line {line} is no sale but {why}: {str(text)[:80]}")
    if len(unread) > 3:
        notes.append(f"{len(unread) - 3} more lines are no sales.")
    return notes


def _decimal(cells: pd.DataFrame, separator: str) -> tuple[str, str]:
    """The decimal mark, and a number that leaves it in doubt."""
    point = comma = 0
    doubts: list[str] = []
    for header in cells.columns:
        seen = numbers.marks([str(text) for text in cells[header].dropna().unique()[:_ENOUGH]])
        if seen.point + seen.comma + len(seen.either) < 0.5 * min(cells[header].nunique(), _ENOUGH):
            plain = seen.point + seen.comma  # few have a mark: a few texts among others say little
            if plain + len(seen.either) == 0 or not _mostly_numbers(cells[header]):
                continue
        point, comma = point + seen.point, comma + seen.comma
        doubts += seen.either[:1]
    if point or comma:
        return ("," if comma > point else "."), ""
    if not doubts:
        return ".", ""
    if separator == "," and all("," in text for text in doubts):
        return ".", ""  # who separates cells by commas writes no decimals with them
    return ("," if "." in doubts[0] else "."), doubts[0]


def _mostly_numbers(column: "pd.Series[str]") -> bool:
    texts = [str(text) for text in column.dropna().unique()[:_ENOUGH]]
    return sum(numbers.parts(text) is not None for text in texts) > 0.8 * len(texts)
