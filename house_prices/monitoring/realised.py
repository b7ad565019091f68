"""Sales joined to what was predicted for them.

A sale belongs to the predictions that callers gave its reference, or its property's key, as `reference`. Of
each version the last prediction counts that was made before the sale, at most `match_days` before it, and
after the property's sale before that one. A sale of which only the month is known was on its last day.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from house_prices.contract.schema import Contract
from house_prices.monitoring import references, served
from house_prices.sales.columns import PROPERTY, REFERENCE, SOLD

LOGGED, SALE, DAY, FORMER = "logged", "sale", "day", "former"
PREDICTED = ("time", "reference", "price", "lower", "upper")
COLUMNS = ("version", "predicted_at", "predicted", "lower", "upper", DAY)
"""What a realised sale has beside the sale's own columns. DAY is the day of the sale, as a date."""


def can_join(contract: Contract) -> str:
    """Why no sale of this market can be joined to its prediction; empty if it can."""
    if contract.monitoring.reference:
        return ""
    if contract.keys.property and contract.keys.sold:
        return ""
    return (
        "The contract names nothing by which a sale can be found again: monitoring.reference, or "
        "keys.property and keys.sold."
    )


def join(sales: pd.DataFrame, folder: Path, contract: Contract, key: bytes | None = None) -> pd.DataFrame:
    """A row for each clean sale and each version that had priced its house: the sale's columns, and COLUMNS.

    `key` is the one with which the servers have hashed references; None if they have not.
    """
    names = _names(sales, key)
    predictions = _predictions(folder, names[LOGGED].unique().tolist())
    joined = _last_before(names, predictions, contract)
    found = sales.loc[joined[SALE]].reset_index(drop=True)
    return found.assign(**{name: joined[name].to_numpy() for name in COLUMNS})


def priced(frames: Iterable[pd.DataFrame], folder: Path, key: bytes | None = None) -> pd.DataFrame:
    """Of sales beyond memory those of houses that the log knows: all that `join` has a use for."""
    known = _references(folder)
    return pd.concat([frame[_is_known(frame, known, key)] for frame in frames], ignore_index=True)


def _references(folder: Path) -> set[str]:
    """Every reference in the log."""
    known: set[str] = set()
    for file in served.files(folder):
        for table in served.read(file, ("reference",)):
            known.update(table["reference"].cast(pa.string()).unique().to_pylist())
    return known


def _is_known(sales: pd.DataFrame, known: set[str], key: bytes | None) -> "pd.Series[bool]":
    found = pd.Series(data=False, index=sales.index)
    for column in {REFERENCE, PROPERTY} & {*sales.columns}:
        named = sales[column].dropna()
        found[named.index] |= named.map(lambda name: references.as_logged(str(name), key)).isin(known)
    return found


def _names(sales: pd.DataFrame, key: bytes | None) -> pd.DataFrame:
    """By which names the log may have each sale: LOGGED; its place, its day, and that of the sale before."""
    day = _days(sales)
    found = []
    for column in (REFERENCE, PROPERTY):
        if column in sales and (column == REFERENCE or SOLD in sales):
            known = sales[column].dropna()
            logged = known.map(lambda name: references.as_logged(str(name), key))
            found.append(pd.DataFrame({LOGGED: logged, SALE: known.index, DAY: day[known.index]}))
    if not found:
        return pd.DataFrame({LOGGED: pd.Series(dtype="str"), SALE: [], DAY: day[:0], FORMER: day[:0]})
    names = pd.concat(found).drop_duplicates([LOGGED, SALE]).sort_values(DAY, kind="stable")
    names = names.drop_duplicates([LOGGED, DAY])  # the same sale, written again
    names[FORMER] = names.groupby(LOGGED)[DAY].shift()
    return names.reset_index(drop=True)


def _days(sales: pd.DataFrame) -> pd.Series:
    """The day of each sale, the last of the month if only that is known; far in the future if nothing is."""
    if SOLD not in sales:
        return pd.Series(pd.Timestamp("2200-01-01"), index=sales.index)
    number = sales[SOLD].fillna(22000101).astype("int64")
    day = number % 100
    parts = {"year": number // 10_000, "month": number // 100 % 100, "day": day.where(day > 0, 1)}
    dates = pd.to_datetime(pd.DataFrame(parts), errors="coerce").astype("datetime64[us]")
    last: pd.Series = dates.where(day > 0, dates + pd.offsets.MonthEnd(0))
    return last


def _predictions(folder: Path, names: Sequence[str]) -> pd.DataFrame:
    """Served predictions that have one of these references, oldest first."""
    wanted = pa.array(names, pa.string())
    tables = []
    for file in served.files(folder):
        for table in served.read(file, PREDICTED):
            known = table.filter(pc.is_in(table["reference"].cast(pa.string()), value_set=wanted))
            if known.num_rows:
                tables.append(known.append_column("version", pa.array([file.version] * known.num_rows)))
    if not tables:
        return pd.DataFrame(columns=[*PREDICTED, "version"])
    frame = pa.concat_tables(tables, promote_options="permissive").to_pandas()
    frame["time"] = frame["time"].dt.tz_localize(None)
    in_order: pd.DataFrame = frame.sort_values("time", kind="stable")
    return in_order


def _last_before(names: pd.DataFrame, predictions: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Each sale with the last prediction of each version that was made for it."""
    both = names.merge(predictions.rename(columns={"reference": LOGGED}), on=LOGGED)
    both["time"] = pd.to_datetime(both["time"]).astype("datetime64[us]")
    end = both[DAY] + pd.Timedelta(days=1)  # on the day of the sale is before it
    is_dated = both[DAY] < pd.Timestamp("2200-01-01")
    in_time = (both["time"] < end) & (
        ~is_dated | (both["time"] >= end - pd.Timedelta(days=contract.monitoring.match_days))
    )
    is_own = both[FORMER].isna() | (both["time"] >= both[FORMER] + pd.Timedelta(days=1))
    kept = both[in_time & is_own].sort_values("time", kind="stable")
    kept = kept.drop_duplicates([SALE, "version"], keep="last").sort_values([SALE, "version"])
    return kept.rename(columns={"time": "predicted_at", "price": "predicted"})
