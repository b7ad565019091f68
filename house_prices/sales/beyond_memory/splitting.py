"""Which part of the split each sale belongs to, as `house_prices.sales.split` says it.

Nothing is sorted: only the day on which a part begins needs an order.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from house_prices.contract.schema import Contract
from house_prices.progress import Tell, silent
from house_prices.sales import split as in_memory
from house_prices.sales.beyond_memory.batches import DRAW, EQUAL, HASHES, OWN_GROUP, REDRAW, facts
from house_prices.sales.beyond_memory.engine import Engine
from house_prices.sales.beyond_memory.sql import quoted
from house_prices.sales.columns import CALIBRATION, GROUP, HOLDOUT, PART, PARTS, SOLD, TRAIN


@dataclass(frozen=True, kw_only=True)
class Parted:
    """Sales as they were written."""

    sales: Path
    """A Parquet file of the sales with PART and GROUP, in no order."""
    parts: Mapping[str, int]
    """Sales by part."""
    months: Sequence[tuple[object, ...]]
    """Each month, newest first, and its sales in each part; empty if they have no dates."""
    kept: int
    """Clean sales, with those before the first month that counts."""


def split(engine: Engine, sales: Path, contract: Contract, folder: Path, tell: Tell = silent) -> Parted:
    """Part clean sales, as `clean` wrote them."""
    engine.open("kept", sales)
    columns = engine.columns("kept")
    engine.view("recent", f"SELECT * FROM kept{_where_recent(engine, contract)}")
    tell("joining sales that are alike")
    _join_groups(engine)
    hashes = (f"coalesce(joined.{name}, recent.{name}) AS {name}" for name in (OWN_GROUP, DRAW, REDRAW))
    others = (f"recent.{quoted(name)}" for name in columns if name not in (OWN_GROUP, DRAW, REDRAW))
    engine.view(
        "grouped",
        f"SELECT {', '.join([*others, *hashes])} FROM recent LEFT JOIN joined ON own = recent.{OWN_GROUP}",
    )
    tell("finding the part of each sale")
    if contract.split.by == "sold":
        rows, part = "dated", _by_date(engine, contract)
    else:
        rows, part = "grouped", _by_draw(contract)
    path, told = folder / "splits.parquet", facts(sales)
    kept = ", ".join(quoted(name) for name in columns if name not in HASHES)
    engine.write(
        f"SELECT {kept}, {part} AS {PART}, {OWN_GROUP} AS {quoted(GROUP)} FROM {rows}", path, json.dumps(told)
    )
    engine.open("parted", path)
    counted = dict(engine.rows(f"SELECT {PART}, count(*) FROM parted GROUP BY {PART}"))
    parts = {part: counted.get(part, 0) for part in PARTS}
    in_memory.check_sizes(parts, contract)
    return Parted(
        sales=path, parts=parts, months=_months(engine) if SOLD in columns else [], kept=told["kept"]
    )


def _months(engine: Engine) -> list[tuple[object, ...]]:
    """Each month, newest first, and its sales in each part."""
    counted = ", ".join(f"count(CASE WHEN {PART} = '{part}' THEN 1 END)" for part in PARTS)
    month = f"CAST(floor({SOLD} / 100) AS INT)"
    found = engine.rows(f"SELECT {month}, {counted} FROM parted GROUP BY {month} ORDER BY {month} DESC")
    return [(f"{at // 100}-{at % 100:02}", *of) for at, *of in found if at is not None]


def _where_recent(engine: Engine, contract: Contract) -> str:
    """The sales of the last so many months, counted from that of the newest sale."""
    if not contract.time.months:
        return ""
    (newest,) = engine.row(f"SELECT max({SOLD}) FROM kept")
    year, month = divmod(int(newest) // 100, 100)
    last = 12 * year + month - contract.time.months  # of months before the first that counts
    first = (last // 12) * 100 + last % 12 + 1
    return f" WHERE {SOLD} >= {first * 100}"


def _join_groups(engine: Engine) -> None:
    """Make `joined`: of each group that has sales which no feature tells from another's, the lowest such."""
    apart = f"SELECT {EQUAL} FROM recent GROUP BY {EQUAL} HAVING min({OWN_GROUP}) <> max({OWN_GROUP})"
    engine.table(
        "links",
        f"SELECT DISTINCT {EQUAL} AS equal, {OWN_GROUP} AS own, {DRAW}, {REDRAW} "
        f"FROM recent WHERE {EQUAL} IN ({apart})",
    )
    engine.table("lowest", "SELECT DISTINCT own, own AS lowest FROM links")
    left = 1
    while left:
        reached = (
            "SELECT links.own, min(lowest) OVER (PARTITION BY equal) AS best "
            "FROM links JOIN lowest ON links.own = lowest.own"
        )
        engine.table("lower", f"SELECT own, min(best) AS lowest FROM ({reached}) GROUP BY own")
        (left,) = engine.row(
            "SELECT count(*) FROM lower JOIN lowest ON lower.own = lowest.own "
            "WHERE lower.lowest <> lowest.lowest"
        )
        engine.table("lowest", "SELECT own, lowest FROM lower")
    engine.table(
        "joined",
        f"SELECT lowest.own, lowest AS {OWN_GROUP}, {DRAW}, {REDRAW} FROM lowest "
        f"JOIN (SELECT DISTINCT own AS least, {DRAW}, {REDRAW} FROM links) ON least = lowest",
    )


def _by_draw(contract: Contract) -> str:
    return _part_of(f"{DRAW} >= {1 - contract.split.holdout!r}", _calibration_by_draw(contract))


def _calibration_by_draw(contract: Contract) -> str:
    return f"{REDRAW} < {contract.split.calibration / (1 - contract.split.holdout)!r}"


def _by_date(engine: Engine, contract: Contract) -> str:
    """The part by the day on which the property was last sold: `last` in `dated`."""
    engine.table(
        "resold",
        f"SELECT {OWN_GROUP} AS again, max({SOLD}) AS newest FROM grouped "
        f"GROUP BY {OWN_GROUP} HAVING count(*) > 1",
    )
    engine.view(
        "dated",
        f"SELECT grouped.*, coalesce(newest, {SOLD}) AS last FROM grouped LEFT JOIN resold "
        f"ON again = {OWN_GROUP}",
    )
    days = engine.rows("SELECT last, count(*) FROM dated GROUP BY last ORDER BY last")
    holdout = _newest(engine, days, 1 - contract.split.holdout)
    if contract.is_dated:
        calibration = _newest(engine, days, 1 - (contract.split.holdout + contract.split.calibration))
    else:
        calibration = _calibration_by_draw(contract)
    return _part_of(holdout, calibration)


def _newest(engine: Engine, days: list[tuple[float, int]], share: float) -> str:
    """Whether so great a share of all sales was last sold earlier; those of one day fall by the draw."""
    total, before = sum(sales for _, sales in days), 0
    for day, sales in days:
        if (before + sales) / total >= share:
            drawn = (
                f"SELECT {DRAW} AS draw, count(*) AS sales FROM dated WHERE last = {day!r} GROUP BY {DRAW}"
            )
            earlier = f"SELECT draw, sum(sales) OVER (ORDER BY draw) - sales AS earlier FROM ({drawn})"
            (least,) = engine.row(
                f"SELECT min(draw) FROM ({earlier}) "
                f"WHERE CAST({before} + earlier AS DOUBLE) / {total} >= {share!r}"
            )
            on_the_day = f"last = {day!r} AND {DRAW} >= {least!r}"
            return f"last > {day!r}" + (f" OR ({on_the_day})" if least is not None else "")
        before += sales
    return "false"


def _part_of(holdout: str, calibration: str) -> str:
    return f"CASE WHEN {holdout} THEN '{HOLDOUT}' WHEN {calibration} THEN '{CALIBRATION}' ELSE '{TRAIN}' END"
