"""A real inference server in a process of its own, on a port of its own."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

T = TypeVar("T")
DEADLINE_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server that is up."""

    process: "subprocess.Popen[bytes]"
    log: Path
    port: int
    metrics_port: int | None
    health_port: int | None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What the log says of an event so far."""
        return [line for line in _lines(self.log) if line["event"] == event]

    def says(self, event: str, **facts: object) -> dict[str, Any]:
        """Wait for a log line of an event with these facts."""
        return eventually(
            lambda: next((line for line in self.lines(event) if facts.items() <= line.items()), None)
        )

    def health(self, service: str = "") -> str:
        return health(self.address, service)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; gives the exit code."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_SECONDS)


def health(address: str, service: str = "") -> str:
    """What grpc.health.v1 says at an address."""
    with grpc.insecure_channel(address) as channel:
        request = health_pb2.HealthCheckRequest(service=service)
        answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=DEADLINE_SECONDS)
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


def family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


@contextmanager
def serving(
    models: Path, *flags: str, poll_seconds: float = 0.05, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """A server on a registry's folder. Its log is a file beside the folder."""
    log = models.parent / f"{time.monotonic_ns()}.log"
    command = [sys.executable, "-m", "inference_server", "--models", str(models), "--port", "0"]
    command += ["--metrics-port", "0"]
    with log.open("wb") as stderr:
        polling = ["--poll-seconds", str(poll_seconds)]
        process = subprocess.Popen([*command, *polling, *flags], stderr=stderr, env=environment)
    try:
        line = eventually(lambda: next((one for one in _lines(log) if one["event"] == "serving"), None))
        yield Running(
            process=process,
            log=log,
            port=line["port"],
            metrics_port=line["metrics_port"],
            health_port=line["health_port"],
        )
    finally:
        process.kill()
        process.wait()


def run(
    models: Path, *flags: str, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """A server that is expected to end by itself."""
    command = [sys.executable, "-m", "inference_server", "--models", str(models), "--port", "0", *flags]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)


def eventually(look: Callable[[], T | None], seconds: float = DEADLINE_SECONDS) -> T:
    """Look again and again for something that is on its way."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return found


def _lines(log: Path) -> list[dict[str, Any]]:
    content = log.read_text()
    return [json.loads(line) for line in content[: content.rfind("\n") + 1].splitlines()]
