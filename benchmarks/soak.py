"""Tests the server under load, faults and time, with real processes and real sockets.

    python -m benchmarks.soak [--minutes 10] [--only SECTION ...] [--transport grpcio envoy]

Each section has its own registry and server and prints one line. Exits with 1 if a promise is broken.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.soaking.cancelling import cancelling
from benchmarks.soaking.ending import killing, stopping
from benchmarks.soaking.kills import kills
from benchmarks.soaking.loading import loading
from benchmarks.soaking.memory import memory
from benchmarks.soaking.mutating import mutating
from benchmarks.soaking.overload import overload
from benchmarks.soaking.reloading import reloading
from benchmarks.soaking.result import Result
from benchmarks.soaking.swaps import swaps
from benchmarks.soaking.waiting import waiting
from house_prices.registry import Registry
from inference_server.settings import TRANSPORTS

Section = Callable[[Registry], Result]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument(
        "--minutes", type=float, default=10.0, help="of the sections memory and mutating each"
    )
    options.add_argument("--transport", nargs="+", choices=TRANSPORTS, default=[*TRANSPORTS])
    options.add_argument("--only", nargs="+", help="sections, by name")
    chosen = options.parse_args()
    sections: dict[str, Section] = {
        "swaps": swaps,
        "loading": loading,
        "cancelling": cancelling,
        "overload": overload,
        "killing": killing,
        "stopping": stopping,
        "waiting": waiting,
        "reloading": reloading,
        "kills": partial(kills, count=1000),
        "mutating": partial(mutating, minutes=chosen.minutes),
        "memory": partial(memory, minutes=chosen.minutes),
    }
    if unknown := set(chosen.only or ()) - set(sections):
        options.error(f"came {', '.join(sorted(unknown))}, allowed: {', '.join(sections)}")
    kept = [
        _is_kept(name, sections[name], transport)
        for transport in chosen.transport
        for name in chosen.only or sections
    ]
    return 0 if all(kept) else 1


def _is_kept(name: str, section: Section, transport: str) -> bool:
    os.environ["INFERENCE_SERVER_TRANSPORT"] = transport
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = section(Registry(Path(folder) / "models"))
        except Exception as error:  # noqa: BLE001  # a section that raises breaks a promise; others still run
            found = Result(facts=repr(error), faults=["ran to its end"])
    outcome = f"FAILED: {', '.join(found.faults)}" if found.faults else "kept"
    print(f"{transport}, {name}: {found.facts}: {outcome}", flush=True)
    return not found.faults


if __name__ == "__main__":
    sys.exit(main())
