"""Everything that runs when a person uses the project, as real processes in a folder of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from house_prices.registry import Registry
from house_prices.sales import halfmil
from tests import cottages
from tests.e2e.webserver import Webserver, wait_for

PROJECT = Path(__file__).parents[2]
HALFMIL_ROWS = 5_000


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Where its parts are found."""

    home: Path
    webserver: Webserver
    server: str
    """Address of the inference server."""

    @property
    def registry(self) -> Registry:
        return Registry(self.home / "storage" / "models")


@contextmanager
def running(home: Path) -> Iterator[Stack]:
    """Dagster's webserver and daemon, and the inference server, until the block ends."""
    ui, grpc = free_port(), free_port()
    stack = Stack(home=home, webserver=Webserver(f"http://127.0.0.1:{ui}"), server=f"127.0.0.1:{grpc}")
    dagster = ["dagster", "dev", "--host", "127.0.0.1", "--port", str(ui)]
    models = str(home / "storage" / "models")
    with ExitStack() as processes:
        processes.enter_context(process("dagster", dagster, home))
        server = ["inference_server", "--models", models, "--port", str(grpc)]
        processes.enter_context(process("server", server, home))
        wait_for(stack.webserver.info, seconds=120, otherwise=f"no webserver; see {home}/dagster.log")
        yield stack


ANY_SPEED = "p99_ratio = 100"
"""On a busy machine a candidate may seem slower than the champion."""


def furnish(home: Path) -> None:
    """A project folder with three markets: two to learn, and one with a floor that nothing reaches."""
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(PROJECT / name, home / name)
    contract = (PROJECT / "data/halfmil/contract.toml").read_text()
    (home / "data/halfmil").mkdir(parents=True)
    (home / "data/halfmil/contract.toml").write_text(contract.replace("[gate]\n", f"[gate]\n{ANY_SPEED}\n"))
    shutil.copytree(PROJECT / "data/ames", home / "data/ames")
    halfmil.write(home / "data/halfmil/raw" / halfmil.FILE_NAME, HALFMIL_ROWS, 1)
    cottages.write(home, contract=cottages.CONTRACT.replace("r2 = 0.5", "r2 = 1.1"))


@contextmanager
def process(name: str, module: list[str], home: Path) -> Iterator[None]:
    """A Python module as a process with its own group, all of which ends with the block."""
    environment = {**os.environ, "DAGSTER_HOME": str(home), "HOUSE_PRICES_HOME": str(home)}
    environment["INFERENCE_SERVER_METRICS_PORT"] = "off"  # 8002 may be another server's
    environment["OMP_NUM_THREADS"] = "1"  # teams of threads that share few cores mostly wait for each other
    with (home / f"{name}.log").open("wb") as log:
        started = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=home,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield
    finally:
        stop(started)


def stop(leader: "subprocess.Popen[bytes]") -> None:
    """End a process group: politely, then by force. Nothing of it is left."""
    for number, seconds in ((signal.SIGTERM, 20), (signal.SIGKILL, 10)):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                os.killpg(leader.pid, number if time.monotonic() + seconds - end < 0.3 else 0)
            except ProcessLookupError:
                return
            leader.poll()
            time.sleep(0.2)
    raise AssertionError(f"processes of group {leader.pid} outlive SIGKILL")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
