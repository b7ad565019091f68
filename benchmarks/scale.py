"""Cleaning and splitting the same synthetic sales in memory and beyond it: time and peak memory of each."""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from house_prices.contract import reader
from house_prices.sales import beyond_memory, clean, read, split, synthetic

ENGINES = ("pandas", "duckdb")


def prepare(engine: str, folder: Path) -> dict[str, int]:
    """Sales in each part."""
    contract, files = reader.from_values(synthetic.contract()), read.paths(folder / "raw")
    if engine == "duckdb":
        with TemporaryDirectory(dir=folder) as name, beyond_memory.started(work := Path(name)) as started:
            raw = beyond_memory.read(files, contract, work)
            cleaned = beyond_memory.clean(started, raw.sales, contract, work)
            return dict(beyond_memory.split(started, cleaned.sales, contract, work).parts)
    sales = clean.clean(read.read(files, contract).sales, contract).sales
    return split.counts(split.split(sales, contract))


def one(engine: str, folder: Path) -> None:
    start = time.perf_counter()
    parts = prepare(engine, folder)
    seconds = time.perf_counter() - start
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{engine:8} {seconds:7.1f} s {megabytes:7.0f} MiB  {parts}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[500_000, 2_000_000])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        one(asked.one[0], Path(asked.one[1]))
        return
    for rows in asked.rows:
        print(f"{rows} sales", flush=True)
        with TemporaryDirectory() as folder:
            synthetic.write(Path(folder, "raw"), rows, noise=0.1)
            for engine in asked.engines:
                subprocess.run(
                    [sys.executable, "-m", "benchmarks.scale", "--one", engine, folder], check=True
                )


if __name__ == "__main__":
    main()
