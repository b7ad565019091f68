"""How fast the server is: compared with the bare floor of its stack, as requests grow, and during swaps.

    python -m benchmarks.serving [--rounds 5] [--seconds 2]

The floor is a grpc.aio server that returns the same bytes and does nothing else. Server and floor take turns,
so that a busy machine slows both: read the ratios. h2load generates the load on the same cores. One worker,
HalfMil's model, default settings except that one log line in a hundred is written. Exits with 1 if a limit is
missed.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import h2load, halfmil_registry
from benchmarks.h2load import Load
from benchmarks.requests import open_inference, typed
from benchmarks.running import echoing, promoting, serving
from house_prices.contract.schema import Contract
from house_prices.registry import Registry
from house_prices.training.features import Inputs

RESULTS = halfmil_registry.ROOT / "benchmarks" / "results" / "serving.json"
GROWTH = (1, 4, 16, 64, 256, 1024, 4096)
MANY = 1024


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A measured value and its limit."""

    name: str
    value: float
    bar: float
    at_least: bool = False

    @property
    def is_kept(self) -> bool:
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def __str__(self) -> str:
        allowed = f"{'at least' if self.at_least else 'at most'} {self.bar:,g}"
        return f"{self.name:<46}{self.value:>14,.2f}  {allowed:<22}{'kept' if self.is_kept else 'MISSED'}"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=2.0, help="of load, each time")
    chosen = options.parse_args()
    h2load.check()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        registry, contract, houses = halfmil_registry.publish(folder, versions=2)
        compared = compare(folder, registry, contract, houses, chosen)
        found: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            **compared,
            "growth": grow(registry, contract, houses, chosen),
            "workers": by_workers(registry, contract, houses, chosen),
            "swap": swap(registry, contract, houses, chosen),
        }
    bars = _bars(found)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({**found, "bars": [asdict(bar) for bar in bars]}, indent=2) + "\n")
    print(*bars, sep="\n")
    print(f"Written to {RESULTS.relative_to(halfmil_registry.ROOT)}.")
    return 0 if all(bar.is_kept for bar in bars) else 1


def compare(
    folder: Path, registry: Registry, contract: Contract, houses: Inputs, chosen: argparse.Namespace
) -> dict[str, Any]:
    """Each request, to the server and to the floor by turns."""
    one, many = typed(contract, houses, 1), typed(contract, houses, MANY)
    requests = [
        one,
        replace(one, name="typed, 1 row, 1 in flight", in_flight=1),
        open_inference(contract, houses, 1),
        open_inference(contract, houses, MANY),
        many,
    ]
    found: dict[str, list[tuple[Load, Load]]] = {request.name: [] for request in requests}
    with serving(registry) as server, ExitStack() as floors:
        floor = {q.name: floors.enter_context(echoing(folder, q, server.answer(q))) for q in requests}
        for at in range(chosen.rounds):
            print(f"round {at + 1} of {chosen.rounds}", file=sys.stderr)
            for request in requests:
                ours = server.load(request, chosen.seconds)
                found[request.name].append((ours, floor[request.name].load(request, chosen.seconds)))
        peak_mb, rows = server.peak_mb(), {request.name: request.rows for request in requests}
    table = {name: _compared(pairs, rows[name]) for name, pairs in found.items()}
    _print(table)
    print(f"Peak memory of the worker: {peak_mb:.0f} MB.\n")
    return {"compared": table, "peak_mb": peak_mb}


def grow(
    registry: Registry, contract: Contract, houses: Inputs, chosen: argparse.Namespace
) -> dict[str, dict[int, float]]:
    """Processor time in us per row, as requests have more rows: the median of the rounds."""
    found: dict[str, dict[int, float]] = {}
    with serving(registry) as server:
        for kind in (typed, open_inference):
            costs: dict[int, list[float]] = {rows: [] for rows in GROWTH}
            for _ in range(min(chosen.rounds, 3)):
                for rows in GROWTH:
                    request = replace(kind(contract, houses, rows), in_flight=8)
                    costs[rows].append(server.load(request, chosen.seconds / 2).cpu_us / rows)
            found[kind.__name__] = {rows: median(cost) for rows, cost in costs.items()}
    print(f"{'us of processor time a row':<30}" + "".join(f"{rows:>9}" for rows in GROWTH) + "  rows")
    for name, by_rows in found.items():
        print(f"{name:<30}" + "".join(f"{cost:>9.2f}" for cost in by_rows.values()))
    print()
    return found


def by_workers(
    registry: Registry, contract: Contract, houses: Inputs, chosen: argparse.Namespace
) -> dict[int, float]:
    """Requests a second with one worker and with two."""
    request, found = typed(contract, houses, 1), {}
    for workers in (1, 2):
        with serving(registry, workers) as server:
            runs = [server.load(request, chosen.seconds).requests_s for _ in range(chosen.rounds)]
        found[workers] = median(runs)
        print(f"{workers} worker{'s' if workers > 1 else ' '} {found[workers]:>9,.0f} requests/s")
    print()
    return found


def swap(
    registry: Registry, contract: Contract, houses: Inputs, chosen: argparse.Namespace
) -> dict[str, float]:
    """The 99th percentile in us while nothing changes, and while the champion changes twice a second."""
    request, steady, swapping = typed(contract, houses, 1), [], []
    with serving(registry) as server:
        for _ in range(chosen.rounds):
            steady.append(server.load(request, 2 * chosen.seconds).p99_us)
            with promoting(registry, contract):
                swapping.append(server.load(request, 2 * chosen.seconds).p99_us)
    found = {"steady": median(steady), "swapping": median(swapping)}
    print(f"p99 {found['steady']:,.0f} us steady, {found['swapping']:,.0f} us while the champion changes\n")
    return found


def _compared(pairs: Sequence[tuple[Load, Load]], rows: int) -> dict[str, float]:
    names = ("requests_s", "p50_us", "p99_us", "cpu_us")
    found = {name: median(getattr(ours, name) for ours, _ in pairs) for name in names}
    for name in names:
        found[f"{name}_ratio"] = median(getattr(ours, name) / getattr(floor, name) for ours, floor in pairs)
    return {**found, "rows_s": found["requests_s"] * rows}


def _print(table: dict[str, dict[str, float]]) -> None:
    heads = f"{'requests/s':>12}{'rows/s':>13}{'p50 us':>10}{'p99 us':>10}{'CPU us':>9}"
    print(f"\n{'':<28}{heads}   of the floor's:")
    for name, one in table.items():
        print(
            f"{name:<28}{one['requests_s']:>12,.0f}{one['rows_s']:>13,.0f}{one['p50_us']:>10,.0f}"
            f"{one['p99_us']:>10,.0f}{one['cpu_us']:>9,.0f}   requests/s {one['requests_s_ratio']:.2f}, "
            f"p50 {one['p50_us_ratio']:.2f}, CPU {one['cpu_us_ratio']:.2f}"
        )


def _bars(found: dict[str, Any]) -> list[Bar]:
    table, swapped = found["compared"], found["swap"]
    one, alone = table["typed, 1 row"], table["typed, 1 row, 1 in flight"]
    raw, many = table[f"OIP raw, {MANY} rows"], table[f"typed, {MANY} rows"]
    rises = [
        later / earlier
        for costs in found["growth"].values()
        for earlier, later in zip(list(costs.values())[:-1], list(costs.values())[1:], strict=True)
    ]
    return [
        Bar(name="typed, 1 row: requests/s of the floor's", value=one["requests_s_ratio"], bar=0.85,
            at_least=True),
        Bar(name="typed, 1 row: CPU of the floor's", value=one["cpu_us_ratio"], bar=1.2),
        Bar(name="1 in flight: p50 of the floor's", value=alone["p50_us_ratio"], bar=1.2),
        Bar(name="OIP raw, 1024 rows: requests/s of the floor's", value=raw["requests_s_ratio"], bar=0.7,
            at_least=True),
        Bar(name="OIP raw, 1024 rows: rows/s", value=raw["rows_s"], bar=2e6, at_least=True),
        Bar(name="typed, 1024 rows: rows/s", value=many["rows_s"], bar=2e5, at_least=True),
        Bar(name="p99 while swapping of the steady", value=swapped["swapping"] / swapped["steady"], bar=2.0),
        Bar(name="cost a row from one size to the next, at most", value=max(rises), bar=1.0),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
