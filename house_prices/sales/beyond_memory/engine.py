"""What only all sales together tell, as queries of DuckDB: outliers, duplicates, properties and the split.

Rows are never sorted and never joined with one another: each query reads them once, and what it looks up
are the few that have a twin. DuckDB keeps within its memory limit by writing to the folder.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pyarrow as pa

from house_prices.contract.schema import Contract
from house_prices.progress import Tell, silent
from house_prices.sales import clean, split
from house_prices.sales.beyond_memory import batches
from house_prices.sales.beyond_memory.batches import AT, EQUAL, OWN, RAW
from house_prices.sales.beyond_memory.batches import GROUP as OWN_GROUP
from house_prices.sales.cells import NOT_A_NUMBER
from house_prices.sales.columns import (
    CALIBRATION,
    FILE,
    GROUP,
    HOLDOUT,
    LINE,
    PART,
    REASON,
    SOLD,
    TEXT,
    TRAIN,
    UNREAD,
)

MEMORY_MB = 2000
"""What DuckDB may take, beside the batch that is read."""


_JOINED = "_joined"
"""What stays together, once sales that are alike are joined."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Sales as they were written."""

    sales: Path
    """A Parquet file of the clean sales with PART and GROUP, in no order."""
    rejects: Path
    """A Parquet file of the raw columns of each refused sale, FILE, LINE, REASON, COLUMN and CELL."""
    read: int
    reasons: Mapping[str, int]
    """Refused sales by reason, the commonest first."""
    parts: Mapping[str, int]
    """Clean sales by part."""


def prepare(
    files: list[Path], contract: Contract, folder: Path, *, memory_mb: int = MEMORY_MB, tell: Tell = silent
) -> Prepared:
    """Clean and split the sales in raw files, as `clean` and `split` do in memory.

    Both files appear whole in the folder, or those that were there stay. Only one call at a time may use it.
    """
    work = folder / ".work"
    shutil.rmtree(work, ignore_errors=True)  # of a run that was killed
    (work / "typed").mkdir(parents=True)
    try:
        read = batches.write(files, contract, work / "typed", tell)
        with duckdb.connect(work / "tables.duckdb") as connection:
            connection.execute(f"SET memory_limit = '{memory_mb}MB'")
            connection.execute("SET preserve_insertion_order = false")
            engine = _Engine(connection, contract, work, tell)
            engine.judge()
            reasons = engine.write_rejects()
            clean.check_kept(connection.table("kept"), reasons, contract, where=str(folder))
            parts = engine.split()
            split.check_sizes(parts, contract)
        prepared = Prepared(
            sales=folder / "sales.parquet",
            rejects=folder / "rejects.parquet",
            read=read,
            reasons=reasons,
            parts=parts,
        )
        os.replace(work / "rejects.parquet", prepared.rejects)
        os.replace(work / "sales.parquet", prepared.sales)
        return prepared
    finally:
        shutil.rmtree(work, ignore_errors=True)


class _Engine:
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, contract: Contract, work: Path, tell: Tell
    ) -> None:
        self._sql, self._contract, self._work, self._tell = connection, contract, work, tell
        for name, draw in (("drawn", split.drawn), ("redrawn", split.redrawn)):
            function = _by_batch(draw)
            connection.create_function(name, function, ["UBIGINT"], "DOUBLE", type="arrow")  # type: ignore[call-overload]
        connection.read_parquet(str(work / "typed" / "*.parquet")).create_view("typed")

    def _make(self, name: str, query: str, kind: str = "TABLE") -> None:
        self._sql.execute(f"CREATE {kind} {name} AS {query}").fetchall()

    def judge(self) -> None:
        """Make `judged`, every row with its reason, and `kept`, those without one."""
        reason = _name(REASON)
        if self._contract.cleaning.outliers == "iqr":
            reason = self._with_outliers()
        self._make("without_duplicates", f"SELECT * REPLACE ({reason} AS {REASON}) FROM typed", "VIEW")
        if self._contract.cleaning.duplicates == "drop":
            self._tell("looking for duplicates")
            self._make("again", self._duplicates())
            known = f"{AT} IN (SELECT {AT} FROM again)"
            reason = f"CASE WHEN {known} THEN {_text(clean.DUPLICATE)} ELSE {REASON} END"
            self._make("judged", f"SELECT * REPLACE ({reason} AS {REASON}) FROM without_duplicates", "VIEW")
        else:
            self._make("judged", "SELECT * FROM without_duplicates", "VIEW")
        self._make("kept", f"SELECT * FROM judged WHERE {REASON} IS NULL", "VIEW")

    def _with_outliers(self) -> str:
        """The reason with outliers: column by column, each among the rows that those before have left."""
        reason = _name(REASON)
        for name in clean.measured(self._contract):
            self._tell(f"looking for outliers: {name}")
            column = _name(name)
            low, high = self._one(
                f"SELECT quantile_cont({column}, 0.25), quantile_cont({column}, 0.75) "
                f"FROM typed WHERE ({reason}) IS NULL AND {column} IS NOT NULL"
            )
            reach = self._contract.cleaning.factor * (high - low) if low is not None else 0.0
            if reach > 0:
                outside = f"{column} < {low - reach!r}::DOUBLE OR {column} > {high + reach!r}::DOUBLE"
                why = _text(clean.outlier(name, self._contract))
                reason = f"coalesce({reason}, CASE WHEN {outside} THEN {why} END)"
        return reason

    def _duplicates(self) -> str:
        """Sales that were written before, equal in every column; only those of equal hash are compared."""
        typed = [
            name for name in self._columns("typed") if not name.startswith((RAW, "_")) and name != REASON
        ]
        typed += [name for name in self._columns("typed") if name == "_reference"]
        return (
            f"WITH twins AS (SELECT {OWN} FROM without_duplicates WHERE {REASON} IS NULL "
            f"GROUP BY {OWN} HAVING count(*) > 1) "
            f"SELECT {AT} FROM without_duplicates WHERE {REASON} IS NULL AND {OWN} IN (FROM twins) "
            f"QUALIFY row_number() OVER (PARTITION BY {', '.join(map(_name, typed))} ORDER BY {AT}) > 1"
        )

    def write_rejects(self) -> dict[str, int]:
        """Write them with their raw cells, and count them by reason."""
        raw = (f"{_name(RAW + column)} AS {_name(column)}" for column in self._contract.columns)
        columns = f"{', '.join(raw)}, {FILE}, {LINE}, {self._whole_reason()} AS {REASON}, NULL AS {UNREAD}"
        refused = self._sql.sql(
            f"SELECT {columns}, {_name(RAW + TEXT)} AS {TEXT} FROM judged WHERE {REASON} IS NOT NULL"
        )
        located = clean.located(nw.from_native(refused), self._contract).to_native()
        path = str(self._work / "rejects.parquet")
        located.write_parquet(path, compression="zstd")
        return clean.count_by_reason(self._sql.read_parquet(path))

    def _whole_reason(self) -> str:
        """A column with a cell that is no number at all says so of each cell it cannot read."""
        found = {row[0] for row in self._sql.execute(f"SELECT DISTINCT {REASON} FROM typed").fetchall()}
        cases = [
            f"WHEN starts_with({REASON}, {_text(name + ': in ')}) THEN {_text(f'{name}: {NOT_A_NUMBER}')}"
            for name in clean.measured(self._contract)
            if f"{name}: {NOT_A_NUMBER}" in found
        ]
        return f"CASE {' '.join(cases)} ELSE {REASON} END" if cases else REASON

    def split(self) -> dict[str, int]:
        """Write the kept sales with their parts, and count these."""
        self._make("recent", f"SELECT * FROM kept WHERE {self._is_recent()}", "VIEW")
        self._join_groups()
        group = f"coalesce(lowest, {OWN_GROUP})"
        self._make(
            "grouped",
            f"SELECT recent.*, {group} AS {_JOINED} FROM recent LEFT JOIN lowest ON own = {OWN_GROUP}",
            "VIEW",
        )
        part, rows = self._by_date() if self._contract.split.by == "sold" else (self._by_draw(), "grouped")
        sales = [name for name in self._columns("typed") if not name.startswith(RAW)]
        kept = (name for name in sales if name not in (FILE, LINE, REASON, AT, OWN, EQUAL, OWN_GROUP))
        self._tell("writing the sales with their parts")
        path = str(self._work / "sales.parquet")
        columns = f"{', '.join(map(_name, kept))}, {part} AS {PART}, {_JOINED} AS {_name(GROUP)}"
        self._sql.sql(f"SELECT {columns} FROM {rows}").write_parquet(path, compression="zstd")
        counted = self._sql.read_parquet(path).aggregate(f"{PART}, count(*)").fetchall()
        return {TRAIN: 0, CALIBRATION: 0, HOLDOUT: 0} | dict(counted)

    def _is_recent(self) -> str:
        months = self._contract.time.months
        month = f"(12 * ({SOLD}::BIGINT // 10000) + ({SOLD}::BIGINT // 100) % 100)"
        return f"{month} > (SELECT max({month}) FROM kept) - {months}" if months else "true"

    def _join_groups(self) -> None:
        """Make `lowest`: the number of each group that has sales which no feature tells from another's."""
        self._tell("joining sales that are alike")
        apart = f"SELECT {EQUAL} FROM recent GROUP BY {EQUAL} HAVING min({OWN_GROUP}) <> max({OWN_GROUP})"
        self._make(
            "links",
            f"SELECT DISTINCT {EQUAL} AS equal, {OWN_GROUP} AS own FROM recent WHERE {EQUAL} IN ({apart})",
        )
        self._make("lowest", "SELECT DISTINCT own, own AS lowest FROM links")
        while True:
            self._make(
                "OR REPLACE TABLE lower",
                "SELECT own, min(best) AS lowest FROM "
                "(SELECT own, min(lowest) OVER (PARTITION BY equal) AS best "
                "FROM links JOIN lowest USING (own)) GROUP BY own",
                "",
            )
            changed = "lower JOIN lowest USING (own) WHERE lower.lowest <> lowest.lowest"
            (left,) = self._one(f"SELECT count(*) FROM {changed}")
            if not left:
                return
            self._make("OR REPLACE TABLE lowest", "FROM lower", "")

    def _by_draw(self) -> str:
        rules, group = self._contract.split, _JOINED
        calibration = f"redrawn({group}) < {rules.calibration / (1 - rules.holdout)!r}::DOUBLE"
        return _part_of(f"drawn({group}) >= {1 - rules.holdout!r}::DOUBLE", calibration)

    def _by_date(self) -> tuple[str, str]:
        """The part by the day on which the property was last sold, and the rows that have it as `last`."""
        rules, group = self._contract.split, _JOINED
        self._make(
            "resold",
            f"SELECT {group} AS again, max({SOLD}) AS newest FROM grouped "
            f"GROUP BY {group} HAVING count(*) > 1",
        )
        self._make(
            "dated",
            f"SELECT grouped.*, coalesce(newest, {SOLD}) AS last FROM grouped "
            f"LEFT JOIN resold ON again = {group}",
            "VIEW",
        )
        days = self._sql.execute("SELECT last, count(*) FROM dated GROUP BY last ORDER BY last").fetchall()
        holdout = self._newest(days, 1 - rules.holdout)
        if self._contract.is_dated:
            calibration = self._newest(days, 1 - (rules.holdout + rules.calibration))
        else:
            calibration = f"redrawn({group}) < {rules.calibration / (1 - rules.holdout)!r}::DOUBLE"
        return _part_of(holdout, calibration), "dated"

    def _newest(self, days: list[tuple[float, int]], share: float) -> str:
        """Whether so great a share of all sales was last sold earlier; those of one day fall by the draw."""
        total, before = sum(sales for _, sales in days), 0
        for day, sales in days:
            if (before + sales) / total >= share:
                (least,) = self._one(
                    "SELECT min(draw) FROM "
                    "(SELECT draw, sum(count(*)) OVER (ORDER BY draw) - count(*) AS earlier "
                    f"FROM (SELECT drawn({_JOINED}) AS draw FROM dated WHERE last = {day!r}) GROUP BY draw) "
                    f"WHERE ({before} + earlier)::DOUBLE / {total} >= {share!r}::DOUBLE"
                )
                on_the_day = f"last = {day!r} AND drawn({_JOINED}) >= {least!r}::DOUBLE"
                return f"last > {day!r}" + (f" OR ({on_the_day})" if least is not None else "")
            before += sales
        return "false"

    def _columns(self, table: str) -> list[str]:
        return list(self._sql.table(table).columns)

    def _one(self, query: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._sql.execute(query).fetchall()[0]
        return row


def _part_of(holdout: str, calibration: str) -> str:
    return f"CASE WHEN {holdout} THEN '{HOLDOUT}' WHEN {calibration} THEN '{CALIBRATION}' ELSE '{TRAIN}' END"


def _by_batch(draw: Callable[[Any], Any]) -> Callable[[pa.ChunkedArray], pa.Array]:
    def drawn(group: pa.ChunkedArray) -> pa.Array:
        return pa.array(draw(group.to_numpy()))

    return drawn


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
