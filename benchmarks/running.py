"""The inference server, and the floor that it is compared with, as processes."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from benchmarks import h2load, halfmil_registry, server
from benchmarks.h2load import Load
from benchmarks.requests import Request
from house_prices.contract.schema import Contract
from house_prices.registry import Registry

SWAP_S = 0.5
SHARE_OF_LOG = 0.01


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server."""

    port: int
    processes: Sequence[int]

    def answer(self, request: Request) -> bytes:
        """The answer's bytes."""
        with grpc.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            ask: Any = channel.unary_unary(request.path)
            return bytes(ask(request.message, timeout=20))

    def load(self, request: Request, seconds: float) -> Load:
        """As many requests as take about so long."""
        asked: dict[str, Any] = {"in_flight": request.in_flight, "processes": self.processes}
        probe = h2load.drive(self.port, request.path, request.message, requests=256, **asked)
        requests = max(256, int(probe.requests_s * seconds))
        return h2load.drive(self.port, request.path, request.message, requests=requests, **asked)

    def peak_mb(self) -> float:
        """Largest memory that any of its processes has held (VmHWM)."""
        return max(_status_kb(process, "VmHWM") for process in self.processes) / 1024


@contextmanager
def serving(registry: Registry, workers: int = 1, transport: str = "grpcio") -> Iterator[Server]:
    """The inference server, once its champion serves."""
    flags = ["--workers", str(workers), "--transport", transport]
    with server.serving(registry, *flags, log_sample=SHARE_OF_LOG) as running:
        yield Server(port=running.port, processes=running.workers())


def echoing(folder: Path, request: Request, answer: bytes) -> AbstractContextManager[Server]:
    """The floor for one request."""
    file = folder / f"{request.name}.answer"
    file.write_bytes(answer)
    return _module("benchmarks.echo", request.path, str(file))


def plain(registry: Registry, market: str) -> AbstractContextManager[Server]:
    """The handler that one would write by hand."""
    return _module("benchmarks.plain", str(registry.root), market)


@contextmanager
def _module(*arguments: str) -> Iterator[Server]:
    """A server that prints its port."""
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=halfmil_registry.ROOT) as process:
        printed: Any = process.stdout
        try:
            yield Server(port=int(printed.readline()), processes=[process.pid])
        finally:
            process.kill()


@contextmanager
def promoting(registry: Registry, contract: Contract) -> Iterator[None]:
    """Switch the champion between two versions until the block ends."""
    end = threading.Event()

    def promote() -> None:
        number = 1
        while not end.wait(SWAP_S):
            number = 3 - number
            halfmil_registry.promote(registry, registry.version(contract.name, number))

    thread = threading.Thread(target=promote)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def _status_kb(process: int, name: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
