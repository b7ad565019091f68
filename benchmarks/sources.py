"""How fast sales come from S3 and PostgreSQL, beside the plain library: real servers on this machine.

    python -m benchmarks.sources [--rows 500000] [--rounds 5]

Each run is a fresh process, and they take turns: read the ratios. `plain` is what one would write by
hand, pyarrow through s3fs or ADBC, to a table in memory. `ours` brings the same rows as files; `ours, read`
also reads their cells, as the raw_sales asset does. Memory is the largest PSS.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import tomlkit

from benchmarks.processes import ROOT, Measured, run
from house_prices import sources
from house_prices.contract import reader
from house_prices.sales import halfmil

MARKET, HOWS = "halfmil", ("plain", "ours", "read")
QUERY = "SELECT * FROM halfmil"


def main() -> None:
    """The table of a run, or one measurement within a process of its own."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--rows", type=int, default=500_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--one", nargs=2, metavar=("HOW", "HOME"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.one:
        print(json.dumps(one(chosen.one[0], Path(chosen.one[1]))))
        return
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        _compare(Path(name), chosen.rows, chosen.rounds)


def one(how: str, market: Path) -> dict[str, Any]:
    """Seconds to bring or read the sales of a market, after the imports."""
    contract = reader.read(market / "contract.toml")
    act = {"plain": _plain, "ours": _bring, "read": _read}[how]
    if how != "plain":
        _import(contract.source.url)
    else:
        import s3fs  # noqa: F401
    began = time.perf_counter()
    rows = act(contract, market)
    return {"seconds": time.perf_counter() - began, "rows": rows}


def _import(url: str) -> None:
    if url.startswith("postgresql"):
        from house_prices.sources import database  # noqa: F401
    else:
        import s3fs  # noqa: F401

        from house_prices.sources import objects  # noqa: F401


def _plain(contract: Any, _market: Path) -> int:
    if contract.source.kind == "database":
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(contract.source.url) as connection, connection.cursor() as cursor:
            cursor.execute(QUERY)
            return int(cursor.fetch_arrow_table().num_rows)
    import s3fs

    with s3fs.S3FileSystem().open(contract.source.url) as file:
        table = pa.csv.read_csv(file) if contract.source.url.endswith(".csv") else pq.read_table(file)
        return int(table.num_rows)


def _bring(contract: Any, market: Path) -> int:
    with sources.delivered(contract, market) as delivery:
        return len(delivery.files)


def _read(contract: Any, market: Path) -> int:
    return len(sources.sales(contract, market).sales)


def _compare(folder: Path, rows: int, rounds: int) -> None:
    import psycopg2

    from tests import object_storage, postgres

    halfmil.write(folder / "sales.csv", rows, seed=0)
    frame = pd.read_csv(folder / "sales.csv")
    frame.to_parquet(folder / "sales.parquet")
    with object_storage.running(folder / "s3") as storage, postgres.running() as database:
        os.environ |= {
            "AWS_ENDPOINT_URL": storage,
            "AWS_ACCESS_KEY_ID": object_storage.KEY,
            "AWS_SECRET_ACCESS_KEY": object_storage.SECRET,
            "PGPASSWORD": postgres.PASSWORD,
        }
        for name in ("sales.csv", "sales.parquet"):
            object_storage.client(storage).put(str(folder / name), f"sales/{name}")
        with psycopg2.connect(database) as connection, connection.cursor() as cursor:
            columns = ", ".join(f'"{name}" {_kind(frame[name])}' for name in frame)
            cursor.execute(f"CREATE TABLE halfmil ({columns})")
            with (folder / "sales.csv").open() as file:
                cursor.copy_expert("COPY halfmil FROM STDIN WITH (FORMAT csv, HEADER)", file)
        connection.close()
        places = {
            "S3, CSV": {"url": "s3://sales/sales.csv"},
            "S3, Parquet": {"url": "s3://sales/sales.parquet"},
            "PostgreSQL": {"url": database, "query": QUERY},
        }
        for name, source in places.items():
            _print(name, _measured(_market(folder, source), rounds))


def _kind(column: "pd.Series[Any]") -> str:
    return "BIGINT" if pd.api.types.is_integer_dtype(column) else "DOUBLE PRECISION"


def _market(folder: Path, source: dict[str, str]) -> Path:
    market = folder / MARKET
    market.mkdir(exist_ok=True)
    contract = tomlkit.parse((ROOT / "data" / MARKET / "contract.toml").read_text())
    (market / "contract.toml").write_text(tomlkit.dumps({**contract, "source": source}))
    return market


def _measured(market: Path, rounds: int) -> dict[str, list[Measured]]:
    found: dict[str, list[Measured]] = {how: [] for how in HOWS}
    for at in range(rounds):
        for how in HOWS if at % 2 else HOWS[::-1]:
            found[how].append(run("benchmarks.sources", "--one", how, market))
    return found


def _print(name: str, found: dict[str, list[Measured]]) -> None:
    for how, label in zip(HOWS, ("plain", "ours", "ours, read"), strict=True):
        ratios = [
            ours.told["seconds"] / plain.told["seconds"]
            for ours, plain in zip(found[how], found["plain"], strict=True)
        ]
        seconds = median(one.told["seconds"] for one in found[how])
        peak = median(one.peak_mb for one in found[how])
        print(f"{name:<12} {label:<11} {seconds:6.2f} s  {median(ratios):5.2f} of plain  {peak:5.0f} MB")


if __name__ == "__main__":
    sys.exit(main())
