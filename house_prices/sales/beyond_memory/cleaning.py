"""What only all sales together tell of one: that it is an outlier, or a duplicate."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from house_prices.contract.schema import Contract
from house_prices.progress import Tell, silent
from house_prices.sales import clean as in_memory
from house_prices.sales.beyond_memory.batches import AT, OWN, RAW, facts
from house_prices.sales.beyond_memory.engine import Engine
from house_prices.sales.beyond_memory.samples import frames
from house_prices.sales.beyond_memory.sql import quoted, text
from house_prices.sales.cells import NOT_A_NUMBER
from house_prices.sales.columns import FILE, LINE, REASON, REFERENCE, TEXT


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """Sales as they were written."""

    sales: Path
    """A Parquet file of the clean sales, with the hashes that the split needs, in no order."""
    rejects: Path
    """A Parquet file of the refused sales, which `rejects` reads."""
    kept: int
    reasons: Mapping[str, int]
    """Refused sales by reason, the commonest first."""


def clean(engine: Engine, raw: Path, contract: Contract, folder: Path, tell: Tell = silent) -> Cleaned:
    """Part raw sales, as `read` wrote them."""
    engine.open("typed", raw)
    columns = [name for name in engine.columns("typed") if name != REASON]
    _judge(engine, columns, contract, tell)
    tell("writing the rejects")
    refused = folder / "rejects.parquet"
    engine.write(_rejects(engine, contract), refused)
    engine.open("rejects", refused)
    counted = engine.rows(f"SELECT {REASON}, count(*) FROM rejects GROUP BY {REASON}")
    reasons = dict(sorted(counted, key=lambda pair: (-pair[1], pair[0])))
    tell("writing the clean sales")
    sales = folder / "sales.parquet"
    kept = ", ".join(quoted(n) for n in columns if not n.startswith(RAW) and n not in (FILE, LINE))
    told = facts(raw)
    number = told["read"] - sum(reasons.values())
    told |= {"kept": number, "rejected": reasons}
    engine.write(f"SELECT {kept} FROM judged WHERE {REASON} IS NULL", sales, json.dumps(told))
    return Cleaned(sales=sales, rejects=refused, kept=number, reasons=reasons)


def _judge(engine: Engine, columns: list[str], contract: Contract, tell: Tell) -> None:
    """Make `judged`: every row, with its reason if it is refused."""
    every, reason = ", ".join(map(quoted, columns)), REASON
    if contract.cleaning.outliers == "iqr":
        tell("looking for outliers")
        reason = _with_outliers(engine, contract)
    if contract.cleaning.duplicates == "keep":
        engine.view("judged", f"SELECT {every}, {reason} AS {REASON} FROM typed")
        return
    tell("looking for duplicates")
    engine.view("measured", f"SELECT {every}, {reason} AS {REASON} FROM typed")
    engine.table("again", _duplicates(columns))
    again = f"CASE WHEN again.place IS NULL THEN {REASON} ELSE {text(in_memory.DUPLICATE)} END"
    engine.view(
        "judged", f"SELECT {every}, {again} AS {REASON} FROM measured LEFT JOIN again ON place = {AT}"
    )


def _with_outliers(engine: Engine, contract: Contract) -> str:
    """The reason with outliers."""
    names = in_memory.measured(contract)
    engine.view("allowed", f"SELECT {', '.join(map(quoted, names))} FROM typed WHERE {REASON} IS NULL")
    reasons = [REASON]
    for name, (low, high) in zip(names, engine.quartiles("allowed", names), strict=True):
        reach = contract.cleaning.factor * (high - low) if low is not None and high is not None else 0.0
        if reach > 0:
            beyond = f"{quoted(name)} < {low - reach!r} OR {quoted(name)} > {high + reach!r}"
            reasons.append(f"CASE WHEN {beyond} THEN {text(in_memory.outlier(name, contract))} END")
    return f"coalesce({', '.join(reasons)})"


def _duplicates(columns: list[str]) -> str:
    """Sales that were written before, equal in every column; only those of equal hash are compared."""
    sale = [name for name in columns if not name.startswith((RAW, "_")) or name == REFERENCE]
    again = f"row_number() OVER (PARTITION BY {', '.join(map(quoted, sale))} ORDER BY {AT})"
    twins = f"SELECT {OWN} FROM measured WHERE {REASON} IS NULL GROUP BY {OWN} HAVING count(*) > 1"
    alike = f"SELECT {AT}, {again} AS nth FROM measured WHERE {REASON} IS NULL AND {OWN} IN ({twins})"
    return f"SELECT {AT} AS place FROM ({alike}) WHERE nth > 1"


def rejects(file: Path, contract: Contract) -> Iterator[pd.DataFrame]:
    """The refused sales that `clean` wrote, some at a time, as `clean` in memory has them; first none."""
    for frame in frames(file):
        yield in_memory.located(frame, contract)


def _rejects(engine: Engine, contract: Contract) -> str:
    """The refused sales with their raw cells."""
    raw = ", ".join(f"{quoted(RAW + column)} AS {quoted(column)}" for column in (*contract.columns, TEXT))
    return (
        f"SELECT {raw}, {FILE}, {LINE}, {_whole_reason(engine, contract)} AS {REASON} "
        f"FROM judged WHERE {REASON} IS NOT NULL"
    )


def _whole_reason(engine: Engine, contract: Contract) -> str:
    """A column with a cell that is no number at all says so of each cell that it cannot read."""
    found = {reason for (reason,) in engine.rows(f"SELECT DISTINCT {REASON} FROM typed")}
    cases = [
        f"WHEN left({REASON}, {len(name) + 5}) = {text(f'{name}: in ')} "
        f"THEN {text(f'{name}: {NOT_A_NUMBER}')}"
        for name in in_memory.measured(contract)
        if f"{name}: {NOT_A_NUMBER}" in found
    ]
    return f"CASE {' '.join(cases)} ELSE {REASON} END" if cases else REASON
