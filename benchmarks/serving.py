"""How fast the server is: against the bare floor of its stack, as requests grow, and while models change.

    python -m benchmarks.serving [--rounds 5] [--seconds 2]

The floor is grpc.aio that answers the same bytes and does nothing else. What is compared is asked by turns,
so that a busy machine slows both; read the ratios. h2load asks, on the cores that the servers use too. One
worker, HalfMil's model, settings as they come but for the log, of which one line in a hundred is kept.
Exits with 1 where a bar is missed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import grpc
import numpy as np
from grpc_health.v1 import health_pb2, health_pb2_grpc

from benchmarks import h2load, markets
from benchmarks.h2load import Load
from house_prices import api
from house_prices.contract import Contract
from house_prices.registry import Registry
from house_prices.steps.inputs import Inputs
from inference_server import oip

RESULTS = markets.ROOT / "benchmarks" / "results" / "serving.json"
GROWTH = (1, 4, 16, 64, 256, 1024, 4096)
MANY = 1024
SWAP_S = 0.5
SHARE_OF_LOG = 0.01


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked over and over."""

    name: str
    path: str
    message: bytes
    rows: int
    in_flight: int = 64


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that is up."""

    port: int
    processes: Sequence[int]

    def answer(self, question: Question) -> bytes:
        """The answer's bytes."""
        with grpc.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            return bytes(channel.unary_unary(question.path)(question.message, timeout=20))

    def load(self, question: Question, seconds: float) -> Load:
        """As many requests as take about so long."""
        asked = {"in_flight": question.in_flight, "processes": self.processes}
        probe = h2load.drive(self.port, question.path, question.message, requests=256, **asked)
        requests = max(256, int(probe.requests_s * seconds))
        return h2load.drive(self.port, question.path, question.message, requests=requests, **asked)

    def peak_mb(self) -> float:
        """Most memory that any of its processes has held (VmHWM)."""
        return max(_status_kb(process, "VmHWM") for process in self.processes) / 1024


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A number that is to be reached."""

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
        registry, contract, houses = markets.publish(folder, versions=2)
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
    print(f"Written to {RESULTS.relative_to(markets.ROOT)}.")
    return 0 if all(bar.is_kept for bar in bars) else 1


def compare(
    folder: Path, registry: Registry, contract: Contract, houses: Inputs, chosen: argparse.Namespace
) -> dict[str, Any]:
    """Each question, to the server and to the floor by turns."""
    one, many = typed(contract, houses, 1), typed(contract, houses, MANY)
    questions = [
        one,
        replace(one, name="typed, 1 row, 1 in flight", in_flight=1),
        open_inference(contract, houses, 1),
        open_inference(contract, houses, MANY),
        many,
    ]
    found: dict[str, list[tuple[Load, Load]]] = {question.name: [] for question in questions}
    with serving(registry) as server, ExitStack() as floors:
        floor = {q.name: floors.enter_context(echoing(folder, q, server.answer(q))) for q in questions}
        for at in range(chosen.rounds):
            print(f"round {at + 1} of {chosen.rounds}", file=sys.stderr)
            for question in questions:
                ours = server.load(question, chosen.seconds)
                found[question.name].append((ours, floor[question.name].load(question, chosen.seconds)))
        peak_mb, rows = server.peak_mb(), {question.name: question.rows for question in questions}
    table = {name: _compared(pairs, rows[name]) for name, pairs in found.items()}
    _print(table)
    print(f"Peak memory of the worker: {peak_mb:.0f} MB.\n")
    return {"compared": table, "peak_mb": peak_mb}


def grow(
    registry: Registry, contract: Contract, houses: Inputs, chosen: argparse.Namespace
) -> dict[str, dict[int, float]]:
    """Processor time in us a row, as requests have more rows: the median of the rounds."""
    found: dict[str, dict[int, float]] = {}
    with serving(registry) as server:
        for kind in (typed, open_inference):
            costs: dict[int, list[float]] = {rows: [] for rows in GROWTH}
            for _ in range(min(chosen.rounds, 3)):
                for rows in GROWTH:
                    question = replace(kind(contract, houses, rows), in_flight=8)
                    costs[rows].append(server.load(question, chosen.seconds / 2).cpu_us / rows)
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
    question, found = typed(contract, houses, 1), {}
    for workers in (1, 2):
        with serving(registry, workers) as server:
            runs = [server.load(question, chosen.seconds).requests_s for _ in range(chosen.rounds)]
        found[workers] = median(runs)
        print(f"{workers} worker{'s' if workers > 1 else ' '} {found[workers]:>9,.0f} requests/s")
    print()
    return found


def swap(
    registry: Registry, contract: Contract, houses: Inputs, chosen: argparse.Namespace
) -> dict[str, float]:
    """The 99th percentile in us while nothing changes, and while the champion changes twice a second."""
    question, steady, swapping = typed(contract, houses, 1), [], []
    with serving(registry) as server:
        for _ in range(chosen.rounds):
            steady.append(server.load(question, 2 * chosen.seconds).p99_us)
            with promoting(registry, contract):
                swapping.append(server.load(question, 2 * chosen.seconds).p99_us)
    found = {"steady": median(steady), "swapping": median(swapping)}
    print(f"p99 {found['steady']:,.0f} us steady, {found['swapping']:,.0f} us while the champion changes\n")
    return found


def typed(contract: Contract, houses: Inputs, rows: int) -> Question:
    """A PredictRequest."""
    described = api.load(contract)
    names = [(feature.name, feature.kind) for feature in contract.features]
    request: Any = described.request()
    for row in np.resize(houses.numbers, (rows, houses.numbers.shape[1])).tolist():
        house = request.houses.add()
        for (name, kind), value in zip(names, row, strict=True):
            setattr(house, name, {"flag": bool, "integer": int}.get(kind, float)(value))
    return Question(
        name=f"typed, {rows} row{'s' if rows > 1 else ''}",
        path=f"/{described.service}/Predict",
        message=request.SerializeToString(),
        rows=rows,
    )


def open_inference(contract: Contract, houses: Inputs, rows: int) -> Question:
    """A ModelInferRequest with raw contents."""
    numbers = np.resize(houses.numbers, (rows, houses.numbers.shape[1]))
    request = oip.messages.ModelInferRequest(model_name=contract.name, raw_input_contents=[numbers.tobytes()])
    request.inputs.add(name="numbers", datatype="FP32", shape=numbers.shape)
    return Question(
        name=f"OIP raw, {rows} row{'s' if rows > 1 else ''}",
        path=oip.path("ModelInfer"),
        message=request.SerializeToString(),
        rows=rows,
    )


@contextmanager
def serving(registry: Registry, workers: int = 1) -> Iterator[Server]:
    """The inference server; its own processes are told once it serves."""
    command = [sys.executable, "-m", "inference_server", "--models", str(registry.root), "--port", "0"]
    command += ["--metrics-port", "0", "--workers", str(workers), "--log-sample", str(SHARE_OF_LOG)]
    command += ["--poll-seconds", "0.1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        log: Any = process.stderr
        try:
            told = next(line for line in map(json.loads, log) if line["event"] == "serving")
            threading.Thread(target=log.read).start()  # a full pipe would stop the server
            wait_for_champion(told["port"])
            yield Server(port=told["port"], processes=_children(process.pid) or [process.pid])
        finally:
            process.terminate()
            process.wait()


def wait_for_champion(port: int) -> None:
    """Until the server says that it serves."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        for answer in health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=20):
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                return


@contextmanager
def echoing(folder: Path, question: Question, answer: bytes) -> Iterator[Server]:
    """The floor for one question."""
    file = folder / f"{question.name}.answer"
    file.write_bytes(answer)
    command = [sys.executable, "-m", "benchmarks.echo", question.path, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=markets.ROOT) as process:
        printed: Any = process.stdout
        try:
            yield Server(port=int(printed.readline()), processes=[process.pid])
        finally:
            process.kill()


@contextmanager
def promoting(registry: Registry, contract: Contract) -> Iterator[None]:
    """The champion is now the one version and now the other."""
    end = threading.Event()

    def promote() -> None:
        number = 1
        while not end.wait(SWAP_S):
            number = 3 - number
            markets.promote(registry, registry.version(contract.name, number))

    thread = threading.Thread(target=promote)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


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


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _status_kb(process: int, name: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    sys.exit(main())
