"""Time and peak memory of what follows a promotion: moving the log, batch scoring, drift.

python -m benchmarks.monitoring move 10000000
python -m benchmarks.monitoring score 10000000
python -m benchmarks.monitoring drift 10000000
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import halfmil_registry
from house_prices import stores
from house_prices.contract import reader
from house_prices.monitoring import batch, drift, moving, served
from house_prices.monitoring.profile import profile
from house_prices.training.features import Inputs
from house_prices.training.predictions import Predictions

FILE_LINES, PART_ROWS, FEATURES = 150_000, 50_000, 100


def move(count: int, folder: Path) -> Callable[[], object]:
    """Lines of HalfMil, as a server writes them, in closed files of 60 MB."""
    contract = reader.read(halfmil_registry.ROOT / "data" / "halfmil" / "contract.toml")
    random = np.random.default_rng(0)
    log = folder / "log"
    log.mkdir()
    for first in range(0, count, FILE_LINES):
        rows = (
            random.integers(0, 300, (min(FILE_LINES, count - first), len(contract.numbers)))
            .astype(float)
            .tolist()
        )
        names = [feature.name for feature in contract.numbers]
        with (log / f"0-{first:09}-x.jsonl").open("wb") as file:
            for number, row in enumerate(rows, start=first):
                entry = {
                    "record": 2,
                    "time": "2026-03-01T12:00:00.000+00:00",
                    "id": f"{number:032x}",
                    "market": "halfmil",
                    "version": 1,
                    "method": "/house_prices.halfmil.v1.PredictionService/Predict",
                    "houses": [dict(zip(names, row, strict=True))],
                    "prices": [row[0]],
                    "lower": [row[1]],
                    "upper": [row[2]],
                }
                file.write(orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE))
    return lambda: f"{moving.move(log, folder / 'served').rows.total()} houses moved"


def score(count: int, folder: Path) -> Callable[[], object]:
    """A Parquet file of HalfMil's houses, by a model that is trained as usual."""
    registry, contract, houses = halfmil_registry.publish(folder)
    names = [feature.name for feature in contract.numbers]
    schema = pa.schema([(name, pa.float64()) for name in names])
    with pq.ParquetWriter(folder / "houses.parquet", schema) as writer:
        for first in range(0, count, PART_ROWS):
            rows = np.resize(houses.numbers, (min(PART_ROWS, count - first), len(names)))
            writer.write_table(pa.table([rows[:, at].astype(np.float64) for at in range(len(names))], schema))
    return lambda: batch.score(
        registry, contract.name, [folder / "houses.parquet"], stores.Folder(folder / "out")
    )


def drifting(count: int, folder: Path) -> Callable[[], object]:
    """Served houses with 100 features, half of which have moved."""
    names = [f"x{number}" for number in range(FEATURES)]
    features = [
        {"name": name, "column": name, "number": at + 1, "kind": "number"} for at, name in enumerate(names)
    ]
    values = {"name": "many", "title": "Many", "target": {"column": "Price"}, "features": features}
    contract = reader.from_values({**values, "training": {"candidates": {"linear": {}}}})
    random = np.random.default_rng(0)
    seen = Inputs(
        numbers=random.normal(size=(100_000, FEATURES)).astype(np.float32),
        categories=np.empty((100_000, 0), object),
    )
    price = np.exp(seen.numbers[:, 0].astype(float))
    known = profile(seen, price, Predictions(actual=price, price=price), contract)
    part = folder / "served" / f"day={datetime.now(UTC).date()}" / "version=1"
    part.mkdir(parents=True)
    shift = np.repeat([0.0, 1.0], FEATURES // 2)
    for first in range(0, count, PART_ROWS):
        rows = random.normal(size=(min(PART_ROWS, count - first), FEATURES)) + shift
        columns = {f"{served.FEATURE}{name}": rows[:, at] for at, name in enumerate(names)}
        pq.write_table(pa.table({**columns, "price": np.exp(rows[:, 0])}), part / f"a-{first:09}.parquet")

    def compare() -> str:
        found = drift.compare(folder / "served", 1, known, contract, since="2026-01-01")
        if not found:
            return "nothing served"
        return f"{len(found.drifted)} of {FEATURES} features, by {found.houses} of {found.of} houses"

    return compare


def peak_mb(*, anew: bool = False) -> float:
    """The most memory that this process has had; or what it has now, from which it then counts."""
    status = Path("/proc/self")
    if anew:
        status.joinpath("clear_refs").write_text("5")
    (line,) = (each for each in (status / "status").read_text().splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """One of them, for so many rows."""
    what, count = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory() as name:
        run = {"move": move, "score": score, "drift": drifting}[what](count, Path(name))
        before = peak_mb(anew=True)
        began = time.perf_counter()
        told = run()
        seconds = time.perf_counter() - began
        print(f"{what}: {told}")
        print(f"{count} rows in {seconds:.1f} s, {count / seconds:,.0f} a second")
        print(f"peak memory {peak_mb():.0f} MB, {before:.0f} MB of it before")


if __name__ == "__main__":
    main()
