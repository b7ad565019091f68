"""Prices a table of houses of any length with one published version, as the server would.

    <out>/part-00000.parquet   the rows as they stand there, and their prices
    <out>/.scoring.json        what is priced with what; a start that finds the same goes on
    <out>/scored.json          the totals, written last

A part is written whole or not at all, so a run that was killed goes on with the first part that is missing.
"""

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from house_prices.errors import MonitoringError
from house_prices.monitoring import houses, pieces
from house_prices.registry import Registry
from house_prices.sales.files import sha256
from house_prices.sales.houses import free_names
from house_prices.sales.sheet import Sheet
from house_prices.stores import Store
from inference_server.arrays import Inputs
from inference_server.models import loaded_model
from inference_server.models.explainer import Explainer
from inference_server.models.loaded_model import LoadedModel

STARTED, DONE = ".scoring.json", "scored.json"
ADDED = tuple(f"predicted_{name}" for name in ("price", "lower", "upper", "warnings", "refusal", "version"))
"""Columns beside the table's own: as in the typed API, and why a row was not priced. With `_2` if they are
taken."""
EXPLAINED = ("predicted_base", "predicted_contributions")
"""More of them, if asked for: what typical sales are priced at, and what each feature adds to that."""
_AMOUNTS = pa.map_(pa.string(), pa.float64())


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The totals of a table."""

    market: str
    version: int
    sha256: str
    """Of the model."""
    rows: int
    refused: int
    """Rows that are no houses, or houses that the server would refuse; they have no price."""
    with_warnings: int
    mean_price: float | None
    """In the target's unit; None if no row has a price."""


def score(
    registry: Registry,
    market: str,
    files: Sequence[Path],
    out: Store,
    version: int | None = None,
    *,
    explain: bool = False,
) -> Scored:
    """Price every row, by the champion if no version is asked for, and with EXPLAINED if that is.

    Raises MonitoringError if `out` has the prices of something else, or if the version cannot explain its
    prices; SourceError for a file that is no table.
    """
    before = set(out.names())
    asked = {"market": market, **_identity(files), "explain": explain}
    if DONE in before:
        _started(out, asked, version)
        return Scored(**json.loads(out.read(DONE)))
    model = _model(registry, asked, out, version)
    parts = []
    for at, sheet in enumerate(sheet for file in files for sheet in pieces.read(file)):
        parts.append(f"part-{at:05}.parquet")
        if parts[-1] not in before:
            _write(out, parts[-1], _priced(sheet, model, explain=explain))
    scored = _totals(model, out, parts)
    out.write(DONE, json.dumps(asdict(scored), indent=2).encode() + b"\n")
    return scored


def _model(registry: Registry, asked: dict[str, Any], out: Store, version: int | None) -> LoadedModel:
    """The version that the interrupted run had, or the one asked for."""
    there = out.names()
    if STARTED in there:
        version = _started(out, asked, version)
    elif there:
        raise MonitoringError(f"{out} holds other files. Give a new or an empty folder.")
    model = loaded_model.load(registry.resolve(asked["market"], version))
    if asked["explain"] and model.explainer is None:
        raise MonitoringError(
            f"version {model.version} of {model.market} was published without typical sales to compare a "
            "house with, so it cannot explain its prices. Train and promote a new version."
        )
    facts = {**asked, "version": model.version}
    out.write(STARTED, json.dumps(facts, indent=2).encode() + b"\n")
    return model


def _identity(files: Sequence[Path]) -> dict[str, Any]:
    """What has to be the same for a run to go on with another's parts."""
    return {"files": [[file.name, sha256(file)] for file in files], "pieces": [pieces.ROWS, pieces.BYTES]}


def _started(out: Store, asked: dict[str, Any], version: int | None) -> int:
    """The version of the run that has begun there, which has to be the same in all that is asked."""
    known = json.loads(out.read(STARTED))
    if {**asked, "version": known["version"] if version is None else version} != known:
        raise MonitoringError(
            f"{out} has prices by version {known['version']} of {known['market']}, of "
            f"{', '.join(str(file[0]) for file in known['files'])} as it was then"
            f"{', explained' if known.get('explain') else ''}. Give another folder, or delete this one."
        )
    return int(known["version"])


def _priced(sheet: Sheet, model: LoadedModel, *, explain: bool) -> pa.Table:
    """The table's own columns, EXPLAINED if asked for, and ADDED."""
    found = houses.of_sheet(sheet, model.contract)
    sound = np.flatnonzero(found.refusals == "")
    rows = len(found.refusals)
    price, lower, upper = (np.full(rows, np.nan) for _ in range(3))
    warnings: list[list[str]] = [[] for _ in range(rows)]
    if len(sound):
        inputs = Inputs(numbers=found.inputs.numbers[sound], categories=found.inputs.categories[sound])
        prices = model.onnx.run(inputs)
        for target, came in ((price, prices.price), (lower, prices.lower), (upper, prices.upper)):
            if came is not None:
                target[sound] = came
        endless = ~np.isfinite(np.stack([price, lower, upper])[: len(model.onnx.outputs), sound]).all(axis=0)
        for column in (price, lower, upper):
            column[sound[endless]] = np.nan
        found.refusals[sound[endless]] = "the model has no finite price for it"
        for row, told in model.ranges.warnings(inputs).items():
            warnings[int(sound[row])] = told
    added = [
        *(pa.array(column, from_pandas=True) for column in (price, lower, upper)),
        pa.array(warnings, pa.list_(pa.string())),
        pa.array([refusal or None for refusal in found.refusals], pa.string()),
        pa.array(np.full(rows, model.version), pa.int32()),
    ]
    columns = {sheet.headers[at]: _plain(cells) for at, cells in sheet.cells.items()}
    if explain and model.explainer:
        priced = np.flatnonzero(np.isfinite(price))
        added = [*_explained(model.explainer, found.inputs, priced), *added]
    names = free_names((*(EXPLAINED if explain else ()), *ADDED), sheet.headers)
    return pa.table(columns | dict(zip(names, added, strict=True)))


def _explained(explainer: Explainer, houses: Inputs, priced: NDArray[np.intp]) -> tuple[pa.Array, pa.Array]:
    """EXPLAINED for every row; null where there is no price."""
    base: list[float | None] = [None] * houses.rows
    amounts: list[list[tuple[str, float]] | None] = [None] * houses.rows
    for row in priced.tolist():
        why = explainer.explain(houses[row : row + 1], check=lambda: None)
        base[row] = why.base
        amounts[row] = [(" or ".join(one.features), one.amount) for one in why.contributions]
    return pa.array(base, pa.float64()), pa.array(amounts, _AMOUNTS)


def _plain(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text as text: each part would code it anew."""
    return cells.cast(pa.string()) if pa.types.is_dictionary(cells.type) else cells


def _write(out: Store, name: str, table: pa.Table) -> None:
    content = io.BytesIO()
    pq.write_table(table, content, compression="zstd")
    out.write(name, content.getvalue())


def _totals(model: LoadedModel, out: Store, parts: Sequence[str]) -> Scored:
    rows = refused = warned = 0
    total = 0.0
    for table in _added(out, parts):
        price, warnings, refusal = table.columns
        rows += table.num_rows
        refused += table.num_rows - refusal.null_count
        warned += sum(1 for told in warnings.to_pylist() if told)
        total += float(np.nansum(price.to_numpy()))
    return Scored(
        market=model.market,
        version=model.version,
        sha256=model.sha256,
        rows=rows,
        refused=refused,
        with_warnings=warned,
        mean_price=total / (rows - refused) if rows > refused else None,
    )


def _added(out: Store, parts: Sequence[str]) -> Iterator[pa.Table]:
    for part in parts:
        source = pq.ParquetFile(io.BytesIO(out.read(part)))
        price, _, _, warnings, refusal, _ = source.schema_arrow.names[-len(ADDED) :]
        yield source.read(columns=[price, warnings, refusal])
