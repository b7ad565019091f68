"""A real inference server in a process of its own, on a port of its own."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inference_server.client import launcher
from inference_server.client.launcher import eventually, health

__all__ = ["DEADLINE_SECONDS", "Running", "eventually", "family", "health", "run", "serving", "transport"]
DEADLINE_SECONDS = launcher.TIMEOUT_S


class Running(launcher.Server):
    """A server that is up."""

    def says(self, event: str, **facts: object) -> dict[str, Any]:
        """Wait for a log line of an event with these facts."""
        return self.wait_for(event, **facts)


def transport() -> str:
    """What carries the calls of these tests' servers: see tests/server/conftest.py."""
    return os.environ.get("INFERENCE_SERVER_TRANSPORT", "grpcio")


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
    polling = ["--poll-seconds", str(poll_seconds)]
    with launcher.launched(models, *polling, *flags, log=log, environment=environment) as server:
        yield Running(**vars(server))


def run(
    models: Path, *flags: str, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """A server that is expected to end by itself."""
    command = launcher.command(models, *flags)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
