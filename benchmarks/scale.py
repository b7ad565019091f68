"""Cleaning and splitting the same synthetic sales by each engine and by plain scripts: time and peak memory.

All take turns, in processes of their own; numbers are medians of the rounds.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from benchmarks import plain_scale
from house_prices.contract import reader
from house_prices.sales import beyond_memory, clean, read, split, synthetic


def in_memory(folder: Path) -> dict[str, int]:
    contract = reader.from_values(synthetic.contract())
    raw = read.read(read.paths(folder / "raw"), contract)
    return split.counts(split.split(clean.clean(raw.sales, contract).sales, contract))


def in_files(folder: Path, name: str) -> dict[str, int]:
    contract = reader.from_values({**synthetic.contract(), "engine": {"name": name}})
    with TemporaryDirectory(dir=folder) as temporary:
        raw = beyond_memory.read(read.paths(folder / "raw"), contract, work := Path(temporary))
        with beyond_memory.started(contract.engine, work) as engine:
            cleaned = beyond_memory.clean(engine, raw.sales, contract, work)
            return dict(beyond_memory.split(engine, cleaned.sales, contract, work).parts)


WAYS: dict[str, Callable[[Path], dict[str, int]]] = {
    "pandas": in_memory,
    "duckdb": partial(in_files, name="duckdb"),
    "spark": partial(in_files, name="spark"),
    "plain-pandas": plain_scale.with_pandas,
    "plain-polars": plain_scale.with_polars,
    "plain-spark": plain_scale.with_spark,
}
HERE = [way for way in WAYS if "spark" not in way or (find_spec("pyspark") and which("java"))]
"""Those that are installed."""


def one(way: str, folder: Path) -> None:
    """Print the measurements of one run and of the processes that it starts, as JSON."""
    start = time.perf_counter()
    parts = WAYS[way](folder)
    wall = time.perf_counter() - start
    if "spark" in way:
        _end_java()
    used = [resource.getrusage(of).ru_maxrss for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    found = {"wall": wall, "cpu": sum(os.times()[:4]), "mib": sum(used) / 1024}
    print(json.dumps({**found, "sales": sum(parts.values())}))


def _end_java() -> None:
    """So that its time counts, too."""
    from pyspark import SparkContext

    process = SparkContext._gateway.proc
    process.stdin.close()
    process.wait()


def measured(way: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.scale", "--one", way, str(folder)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[500_000, 2_000_000])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=HERE)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        one(asked.one[0], Path(asked.one[1]))
        return
    print(f"{'sales':>10} {'':13}{'wall s':>8}{'CPU s':>8}{'us/sale':>9}{'peak MiB':>10}{'kept':>10}")
    for rows in asked.rows:
        with TemporaryDirectory() as name:
            synthetic.write(Path(name, "raw"), rows, noise=0.1)
            runs = [{way: measured(way, Path(name)) for way in asked.ways} for _ in range(asked.rounds)]
        for way in asked.ways:
            of = {key: statistics.median(run[way][key] for run in runs) for key in runs[0][way]}
            print(
                f"{rows:>10} {way:13}{of['wall']:8.1f}{of['cpu']:8.1f}{of['cpu'] / rows * 1e6:9.1f}"
                f"{of['mib']:10.0f}{of['sales']:10.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
