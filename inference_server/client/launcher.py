"""Starts an inference server as a process of its own, on free ports, and stops it."""

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
TIMEOUT_S = 30.0
POLL_S = 0.01


class LaunchFailed(Exception):
    """The server ended, or was not ready in time."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that listens."""

    process: "subprocess.Popen[bytes]"
    log: Path
    """Its JSON lines."""
    port: int
    metrics_port: int | None
    health_port: int | None

    @property
    def address(self) -> str:
        """Of its gRPC port."""
        return f"127.0.0.1:{self.port}"

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The log's lines of an event so far."""
        return _lines(self.log, event)

    def wait_for(self, event: str, **facts: object) -> dict[str, Any]:
        """The first log line of an event with these facts; raises LaunchFailed if it does not come."""
        return _wait(
            lambda: next((line for line in self.lines(event) if facts.items() <= line.items()), None),
            self.process,
            TIMEOUT_S,
        )

    def wait_for_health(self, service: str = "", timeout_s: float = TIMEOUT_S) -> None:
        """Wait until a service is SERVING; raises LaunchFailed if that does not come."""
        _wait(lambda: self._is_serving(service), self.process, timeout_s)

    def _is_serving(self, service: str) -> bool:
        try:
            return self.health(service) == "SERVING"
        except grpc.RpcError:
            return False

    def health(self, service: str = "") -> str:
        """The status of a service by grpc.health.v1, or of the server as a whole."""
        return health(self.address, service)

    def workers(self) -> list[int]:
        """Ids of the processes that answer requests."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return list(map(int, children.split())) or [self.process.pid]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT_S)


@contextmanager
def launched(
    models: Path,
    *flags: str,
    log: Path,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Iterator[Server]:
    """A server on a registry's folder, killed at the end of the block; raises LaunchFailed.

    It listens, but a model may still be loading: see `Server.wait_for_health`. `environment` replaces that
    of this process.
    """
    with log.open("wb") as stderr:
        process = subprocess.Popen(command(models, *flags), stderr=stderr, env=environment)
    try:
        line = _wait(lambda: next(iter(_lines(log, "serving")), None), process, timeout_s)
        yield Server(
            process=process,
            log=log,
            port=line["port"],
            metrics_port=line["metrics_port"],
            health_port=line["health_port"],
        )
    finally:
        process.kill()
        process.wait()


def command(models: Path, *flags: str) -> list[str]:
    """The command line of a server on free ports; flags win over those that are given here."""
    ports = ["--port", "0", "--metrics-port", "0"]
    return [sys.executable, "-m", "inference_server", "--models", str(models), *ports, *flags]


def health(address: str, service: str = "") -> str:
    """The status of a service at an address by grpc.health.v1."""
    with grpc.insecure_channel(address) as channel:
        request = health_pb2.HealthCheckRequest(service=service)
        response = health_pb2_grpc.HealthStub(channel).Check(request, timeout=TIMEOUT_S)
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(response.status))


def eventually(look: Callable[[], T | None], timeout_s: float = TIMEOUT_S) -> T:
    """Repeat until there is a result; raises TimeoutError."""
    end = time.monotonic() + timeout_s
    while not (found := look()):
        if time.monotonic() > end:
            raise TimeoutError(f"nothing came within {timeout_s:g} s")
        time.sleep(POLL_S)
    return found


def _wait(look: Callable[[], T | None], process: "subprocess.Popen[bytes]", timeout_s: float) -> T:
    def look_at_a_living_process() -> T | None:
        if (found := look()) or process.poll() is None:
            return found
        raise LaunchFailed(f"it ended with code {process.returncode}")

    try:
        return eventually(look_at_a_living_process, timeout_s)
    except TimeoutError:
        raise LaunchFailed(f"it was not ready within {timeout_s:g} s") from None


def _lines(log: Path, event: str) -> list[dict[str, Any]]:
    """Whole lines of JSON alone: the last may be half written, and a crash prints a traceback."""
    content = log.read_text(errors="replace")
    whole = content[: content.rfind("\n") + 1].splitlines()
    lines = [json.loads(line) for line in whole if line.startswith("{")]
    return [line for line in lines if line["event"] == event]
