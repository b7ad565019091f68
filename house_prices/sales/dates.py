"""Dates, as people and programs write them, as whole numbers of year, month and day: 20100731.

A contract's `sold_format` says in which order day, month and year stand, or that the cells count something.
What marks stand between them, and whether a time follows, does not matter.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

COUNTED: Mapping[str, tuple[str, str, tuple[float, float]]] = {
    "excel": ("D", "1899-12-30", (18_264, 73_050)),
    "unix": ("s", "1970-01-01", (1e8, 4.2e9)),
    "unix_ms": ("ms", "1970-01-01", (1e11, 4.2e12)),
}
"""Counts of time: the unit, the day from which they count, and the counts that fall into 1950 to 2100."""
DECIMAL_YEAR = "decimal_year"
"""2013.25 is a quarter of a year after New Year's Day of 2013."""

_YEARS = (1800, 2199)
"""Another number of four digits is no year in which a house was sold."""
_MARK = r"\s*[-/. ]\s*"
_ZONE = r"(?:Z|[A-Z]{3,4})?(?:[+-]\d{2}:?(?:\d{2})?)?(?: \([^)]*\))?"
_WEEKDAY = r"(?:(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]*[.,]*\s+)?"
_TIME = rf"(?:[T ,]+\d{{1,2}}(?::?\d{{2}}){{0,2}}(?:[.,]\d+)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*{_ZONE})?"
_PARTS = {"%Y": r"(?P<Y>\d{4})", "%y": r"(?P<y>\d{2})", "%m": r"(?P<m>\d{1,2})", "%d": r"(?P<d>\d{1,2})"}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_NAMED = r"(?P<b>[A-Za-z]{3,9})\.?"
ORDERS = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%y-%m-%d", "%Y-%m", "%m/%Y")
"""Orders of day, month and year that a draft tries, in this order."""


def parse(texts: pa.Array, form: str) -> NDArray[np.float64]:
    """The day that each tidy text writes, as 20100731, or 20100700 if it has no day. NaN if it is no date."""
    cells = pd.Series(texts.to_pandas(), dtype="str")
    if form in COUNTED:
        return _counted(cells, form)
    if form == DECIMAL_YEAR:
        return _of_years(cells)
    found = np.full(len(cells), np.nan)
    for pattern in _patterns(form):
        unread = np.isnan(found)
        if not unread.any():
            break
        found[unread] = _matched(cells[unread], pattern)
    return found


def _counted(cells: "pd.Series[str]", form: str) -> NDArray[np.float64]:
    unit, origin, (low, high) = COUNTED[form]
    counts = pd.to_numeric(cells, errors="coerce").astype("float64")
    whole = counts.where(counts.between(low, high))
    return _numbers(pd.to_datetime(whole, unit=unit, origin=origin, errors="coerce"))  # type: ignore[call-overload]


def _of_years(cells: "pd.Series[str]") -> NDArray[np.float64]:
    times = pd.to_numeric(cells.str.replace(",", "."), errors="coerce").astype("float64")
    times = times.where(times.between(*_YEARS))
    start = pd.to_datetime({"year": times // 1, "month": 1, "day": 1}, errors="coerce")
    days = (times % 1 * (365 + start.dt.is_leap_year)).round(3) // 1
    return _numbers(start + pd.to_timedelta(days, unit="D"))


def _patterns(form: str) -> list[str]:
    """Regular expressions of a contract's order, and of those that no other order can be taken for."""
    order = re.findall("%[Yymd]", form)
    own = _MARK.join(_PARTS[part] for part in order) + _TIME
    full = own.replace(_PARTS["%y"], _PARTS["%Y"])
    iso = _MARK.join(_PARTS[part] for part in ("%Y", "%m", "%d")) + _TIME
    compact = r"(?P<Y>\d{4})(?P<m>\d{2})(?P<d>\d{2})" + _TIME
    named = [
        rf"(?P<d>\d{{1,2}})[-/. ]+{_NAMED}[-/. ,]+(?P<Y>\d{{4}})",
        rf"{_NAMED}[-/. ]+(?P<d>\d{{1,2}})[-/. ,]+(?P<Y>\d{{4}})",
        rf"{_NAMED} +(?P<d>\d{{1,2}}){_TIME} +(?P<Y>\d{{4}})",
    ]
    if "%d" not in order:
        return [own, iso, compact, r"(?P<Y>\d{4})(?P<m>\d{2})", rf"{_NAMED}[-/. ,]+(?P<Y>\d{{4}})"]
    tight = "".join(_PARTS[part].replace("{1,2}", "{2}") for part in order) + _TIME
    return list(dict.fromkeys([own, full, iso, compact, tight, *(name + _TIME for name in named)]))


def _matched(cells: "pd.Series[str]", pattern: str) -> NDArray[np.float64]:
    found = cells.str.extract(f"^{_WEEKDAY}(?:{pattern})$")
    if found.isna().to_numpy().all():
        return np.full(len(cells), np.nan)
    if "b" in found:
        months = {name: str(number) for number, name in enumerate(_MONTHS, start=1)}
        found["m"] = found["b"].str.lower().str[:3].map(months)
    parts = found.drop(columns=["b"], errors="ignore").apply(pd.to_numeric, errors="coerce")
    if "y" in parts:
        parts["Y"] = parts["y"] + np.where(parts["y"] < 69, 2000, 1900)  # as strptime does
    day = parts["d"] if "d" in parts else pd.Series(1, index=cells.index)
    parts["Y"] = parts["Y"].where(parts["Y"].between(*_YEARS))
    dates = pd.to_datetime({"year": parts["Y"], "month": parts["m"], "day": day}, errors="coerce")
    return _numbers(dates) - (0 if "d" in parts else 1)


def _numbers(dates: "pd.Series[pd.Timestamp]") -> NDArray[np.float64]:
    return np.asarray(dates.dt.year * 10_000 + dates.dt.month * 100 + dates.dt.day, dtype=np.float64)


def day_numbers(sold: NDArray[np.float64]) -> NDArray[np.float64]:
    """Days from 1970-01-01 of dates such as 20100731; mid-month if the day is not known: [rows]."""
    year, month, day = sold // 10_000, sold // 100 % 100, sold % 100
    parts = {"year": year, "month": month, "day": np.where(day == 0, 15, day)}
    return np.asarray((pd.to_datetime(pd.DataFrame(parts)) - pd.Timestamp(0)).dt.days, dtype=np.float64)


def iso(day: float) -> str:
    """A day from 1970-01-01 as 2010-07-31."""
    return str(np.datetime64(int(day), "D"))


def fitting(texts: Sequence[str], counts: Sequence[int], share: float) -> list[str]:
    """The orders and counts by which at least this share of the cells are dates; each text has its count.

    Years alone are no dates, unless some of them have decimals.
    """
    array, weights = pa.array(texts, pa.string()), np.asarray(counts, dtype=np.float64)
    read = {form: np.isfinite(parse(array, form)) for form in (*ORDERS, *COUNTED, DECIMAL_YEAR)}
    if not any(re.search(r"[.,]\d", text) for text in texts):
        del read[DECIMAL_YEAR]
    shares = {form: float(weights[known].sum() / weights.sum()) for form, known in read.items()}
    best = max(shares.values())
    good = [form for form, known in shares.items() if known >= share and known == best]
    whole = [form for form in good if "%y" not in form]
    return whole or good
