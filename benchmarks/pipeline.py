"""How fast our pipeline is: compared with the script it replaces, as sales grow, and inside Dagster.

    python -m benchmarks.pipeline [--rounds 5] [--rows 500000] [--growth 500000 1000000 2000000 5000000]

Every run is a fresh process. The programs that are compared take turns, so that a busy machine slows all of
them: read the ratios. Memory is the largest PSS of a process and its children together, polled. Exits with 1
if a limit is missed.
"""

import argparse
import json
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import tomlkit

from benchmarks.processes import ROOT, Measured, run
from house_prices.sales import halfmil

RESULTS = ROOT / "benchmarks" / "results" / "pipeline.json"
BARS = {"wall": 0.6, "memory": 1.2, "growth": 1.0}
"""Largest value allowed for each ratio."""
MARKET = "halfmil"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--rows", type=int, default=500_000)
    options.add_argument("--growth", type=int, nargs="*", default=[500_000, 1_000_000, 2_000_000, 5_000_000])
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "comparison": compare(Path(folder), chosen.rows, chosen.rounds),
            "growth": grow(Path(folder), chosen.growth),
            "bars": BARS,
        }
    missed = [name for name, bar in BARS.items() if name in (r := ratios(found)) and r[name] > bar]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({**found, "ratios": ratios(found), "missed": missed}, indent=2) + "\n")
    for name, ratio in ratios(found).items():
        print(f"{name:<8} {ratio:.2f} of at most {BARS[name]}  {'MISSED' if name in missed else 'kept'}")
    print(f"Written to {RESULTS.relative_to(ROOT)}.")
    return 1 if missed else 0


def compare(folder: Path, rows: int, rounds: int) -> dict[str, Any]:
    """The seed's script, our functions, and ours inside Dagster, in turn."""
    home = _home(folder / "compared", rows)
    market, kept = home / "data" / MARKET, home / "kept"
    kept.mkdir()
    runs: dict[str, list[Measured]] = {"seed": [], "ours": [], "dagster": []}
    for at in range(rounds):
        print(f"round {at + 1} of {rounds}, {rows:,} sales", file=sys.stderr)
        raw = market / "raw" / halfmil.FILE_NAME
        runs["seed"].append(run("benchmarks.seed_pipeline", raw, kept))
        runs["ours"].append(run("benchmarks.our_pipeline", market, kept))
        runs["dagster"].append(_through_dagster(home))
    found: dict[str, Any] = {name: _summary(measured) for name, measured in runs.items()}
    found["wall_ratios"] = _ratios(runs, "wall_s")
    found["memory_ratios"] = _ratios(runs, "peak_mb")
    _print_comparison(found)
    return found


def grow(folder: Path, sizes: Sequence[int]) -> list[dict[str, Any]]:
    """Our functions alone, as sales grow: the better of two runs for each size."""
    found = []
    for rows in sizes:
        home = _home(folder / "grown", rows)
        market, kept = home / "data" / MARKET, home / "kept"
        kept.mkdir()
        runs = [run("benchmarks.our_pipeline", market, kept) for _ in range(2)]
        best = min(runs, key=lambda measured: measured.wall_s)
        found.append({"rows": rows, **_summary([best])})
        shutil.rmtree(home)
    _print_growth(found)
    return found


def ratios(found: Mapping[str, Any]) -> dict[str, float]:
    """The ratios that have limits."""
    told = {
        "wall": median(found["comparison"]["wall_ratios"]),
        "memory": median(found["comparison"]["memory_ratios"]),
    }
    sizes = found["growth"]
    if len(sizes) > 1:
        first, last = sizes[0], sizes[-1]
        told["growth"] = (last["wall_s"] / first["wall_s"]) / (last["rows"] / first["rows"])
    return told


def _home(folder: Path, rows: int) -> Path:
    """A project folder with one market of `rows` sales and the seed's single estimator."""
    source = tomllib.loads((ROOT / "data" / MARKET / "contract.toml").read_text())
    source["split"]["calibration"] = 0.0
    source["training"] = {
        "folds": 3,
        "search_rows": 10**9,
        "candidates": {"linear": {"fit_intercept": [True, False]}},
    }
    halfmil.write(folder / "data" / MARKET / "raw" / halfmil.FILE_NAME, rows, seed=0)
    (folder / "data" / MARKET / "contract.toml").write_text(tomlkit.dumps(source))
    shutil.copy(ROOT / "dagster.yaml", folder)
    return folder


def _through_dagster(home: Path) -> Measured:
    """Every asset and check of the market, with a new instance and an empty registry."""
    shutil.rmtree(home / "storage", ignore_errors=True)
    variables = {"DAGSTER_HOME": str(home), "HOUSE_PRICES_HOME": str(home)}
    return run("benchmarks.dagster_pipeline", home, MARKET, folder=home, environment=variables)


def _summary(runs: Sequence[Measured]) -> dict[str, Any]:
    parts = [measured.told["seconds"] for measured in runs]
    return {
        "wall_s": median(measured.wall_s for measured in runs),
        "cpu_s": median(measured.cpu_s for measured in runs),
        "peak_mb": median(measured.peak_mb for measured in runs),
        "seconds": {name: median(part.get(name, 0.0) for part in parts) for name in parts[0]},
        "runs_wall_s": [measured.wall_s for measured in runs],
        "told": runs[-1].told,
    }


def _ratios(runs: Mapping[str, Sequence[Measured]], what: str) -> list[float]:
    pairs = zip(runs["ours"], runs["seed"], strict=True)
    return [getattr(ours, what) / getattr(seed, what) for ours, seed in pairs]


def _print_comparison(found: Mapping[str, Any]) -> None:
    print(f"\n{'':<10}{'wall':>9}{'cpu':>9}{'peak memory':>14}   of which, medians in s")
    for name in ("seed", "ours", "dagster"):
        one = found[name]
        print(
            f"{name:<10}{one['wall_s']:>7.2f} s{one['cpu_s']:>7.2f} s{one['peak_mb']:>11.0f} MB   "
            f"{_parts(one['seconds'])}"
        )
    added = found["dagster"]["wall_s"] - found["ours"]["wall_s"]
    print(f"Dagster adds {added:.1f} s to the whole run, its plots, checks and stored frames included.\n")


def _print_growth(sizes: Sequence[Mapping[str, Any]]) -> None:
    print(f"{'sales':>10}{'wall':>9}{'us/sale':>9}{'peak memory':>14}   of which, in s")
    for one in sizes:
        each = one["wall_s"] / one["rows"] * 1e6
        print(
            f"{one['rows']:>10,}{one['wall_s']:>7.2f} s{each:>9.2f}{one['peak_mb']:>11.0f} MB   "
            f"{_parts(one['seconds'])}"
        )
    print()


def _parts(seconds: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {spent:.2f}" for name, spent in seconds.items())


if __name__ == "__main__":
    sys.exit(main())
