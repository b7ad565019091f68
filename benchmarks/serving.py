"""How fast the server is over each transport: beside others, as requests grow, and during swaps.

    python -m benchmarks.serving [--rounds 5] [--seconds 2] [--without MLServer PyTriton]

The floor is a grpc.aio server that returns the same bytes and does nothing else; `plain` is the grpc.aio
handler that one would write by hand; MLServer and PyTriton serve the same model, each from a virtual
environment that this command makes. All take turns, so that a busy machine slows each of them: read the
ratios. h2load generates the load on the same cores. One process each, HalfMil's model, default settings but
that one log line in a hundred is written. Exits with 1 if a limit is missed.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import h2load, halfmil_registry
from benchmarks.bars import limits
from benchmarks.h2load import Load
from benchmarks.peers import starting
from benchmarks.peers.starting import PEERS
from benchmarks.requests import Request, open_inference, typed
from benchmarks.running import Server, echoing, plain, promoting, serving
from house_prices.contract.schema import Contract
from house_prices.registry import Registry
from house_prices.training.features import Inputs

RESULTS = halfmil_registry.ROOT / "benchmarks" / "results" / "serving.json"
GROWTH = (1, 4, 16, 64, 256, 1024, 4096)
MANY = 1024
TRANSPORTS = ("grpcio", "envoy")
FLOOR = "floor"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--without", nargs="+", default=[], help="peers to leave out, by name")
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
    bars = limits(found, MANY)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({**found, "bars": [asdict(bar) for bar in bars]}, indent=2) + "\n")
    print(*bars, sep="\n")
    print(f"Written to {RESULTS.relative_to(halfmil_registry.ROOT)}.")
    return 0 if all(bar.is_kept for bar in bars) else 1


def compare(
    folder: Path, registry: Registry, contract: Contract, houses: Inputs, chosen: argparse.Namespace
) -> dict[str, Any]:
    """Each request to each server by turns: the medians, and those of the ratios to the floor."""
    one, many = typed(contract, houses, 1), typed(contract, houses, MANY)
    tensors, many_tensors = open_inference(contract, houses, 1), open_inference(contract, houses, MANY)
    alone = replace(one, name="typed, 1 row, 1 in flight", in_flight=1)
    with ExitStack() as started:
        ours = {name: started.enter_context(serving(registry, transport=name)) for name in TRANSPORTS}
        hand = {"plain": started.enter_context(plain(registry, contract.name))}
        others, missing = _peers(started, folder, registry, contract, chosen.without)
        entrants = {one: {**ours, **hand}, alone: {**ours, **hand}, tensors: {**ours, **others},
                    many_tensors: {**ours, **others}, many: ours}  # fmt: skip
        for request, servers in entrants.items():
            answer = ours["grpcio"].answer(request)
            floor = {FLOOR: started.enter_context(echoing(folder, request, answer))}
            entrants[request] = {**floor, **servers}
        found = _by_turns(entrants, chosen)
        peak_mb = {name: server.peak_mb() for name, server in ours.items()}
    table = {
        request.name: {
            name: _compared(loads, by_name[FLOOR], request.rows) for name, loads in by_name.items()
        }
        for request, by_name in found.items()
    }
    _print(table)
    print(*(f"{name} is missing: {why}" for name, why in missing.items()), sep="\n")
    print(
        "Peak memory of a worker: " + ", ".join(f"{name} {mb:.0f} MB" for name, mb in peak_mb.items()) + ".\n"
    )
    return {"compared": table, "missing": missing, "peak_mb": peak_mb}


def _peers(
    started: ExitStack, folder: Path, registry: Registry, contract: Contract, without: Sequence[str]
) -> tuple[dict[str, Server], dict[str, str]]:
    """The peers that run, and why others do not."""
    running, missing = {}, dict.fromkeys(without, "left out")
    model = registry.version(contract.name, 1).model
    for peer in PEERS:
        if peer.name not in without:
            try:
                running[peer.name] = started.enter_context(
                    starting.running(peer, model, contract.name, folder)
                )
            except starting.Missing as reason:
                missing[peer.name] = str(reason)
    return running, missing


def _by_turns(
    entrants: dict[Request, dict[str, Server]], chosen: argparse.Namespace
) -> dict[Request, dict[str, list[Load]]]:
    found: dict[Request, dict[str, list[Load]]] = {
        request: {name: [] for name in servers} for request, servers in entrants.items()
    }
    for request, servers in entrants.items():
        for server in servers.values():
            server.answer(request)  # h2load sees no gRPC status: a refusal would look fast
    for at in range(chosen.rounds):
        print(f"round {at + 1} of {chosen.rounds}", file=sys.stderr)
        for request, servers in entrants.items():
            for name, server in servers.items():
                found[request][name].append(server.load(request, chosen.seconds))
    return found


def grow(
    registry: Registry, contract: Contract, houses: Inputs, chosen: argparse.Namespace
) -> dict[str, dict[int, float]]:
    """Processor time in us per row over Envoy, as requests have more rows: the median of the rounds."""
    found: dict[str, dict[int, float]] = {}
    with serving(registry, transport="envoy") as server:
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
    """Requests a second over Envoy with one worker and with two."""
    request, found = typed(contract, houses, 1), {}
    for workers in (1, 2):
        with serving(registry, workers, "envoy") as server:
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


def _compared(loads: Sequence[Load], floors: Sequence[Load], rows: int) -> dict[str, float]:
    names = ("requests_s", "p50_us", "p99_us", "cpu_us")
    found = {name: median(getattr(load, name) for load in loads) for name in names}
    for name in names:
        pairs = zip(loads, floors, strict=True)
        found[f"{name}_ratio"] = median(getattr(load, name) / getattr(floor, name) for load, floor in pairs)
    return {**found, "rows_s": found["requests_s"] * rows}


def _print(table: dict[str, dict[str, dict[str, float]]]) -> None:
    for request, by_name in table.items():
        heads = f"{'requests/s':>12}{'rows/s':>13}{'p50 us':>10}{'p99 us':>10}{'CPU us':>9}"
        print(f"\n{request:<28}{heads}   of the floor's:")
        for name, one in by_name.items():
            print(
                f"  {name:<26}{one['requests_s']:>12,.0f}{one['rows_s']:>13,.0f}{one['p50_us']:>10,.0f}"
                f"{one['p99_us']:>10,.0f}{one['cpu_us']:>9,.0f}   requests/s {one['requests_s_ratio']:.2f}, "
                f"p50 {one['p50_us_ratio']:.2f}, p99 {one['p99_us_ratio']:.2f}, CPU {one['cpu_us_ratio']:.2f}"
            )
    print()


if __name__ == "__main__":
    sys.exit(main())
