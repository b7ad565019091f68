"""Child processes that start and stop together."""

import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

STOP_SECONDS = 20


class Processes:
    """Child processes in one folder, each with its own process group and log file.

    Leaving the block stops every group: SIGTERM first, then SIGKILL for what is left after STOP_SECONDS.
    """

    def __init__(self, logs: Path, folder: Path, env: Mapping[str, str]) -> None:
        self._logs = logs
        self._folder = folder
        self._env = {**os.environ, **env}
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str]) -> Path:
        """Start a child and return its log file, which replaces the previous one."""
        self._logs.mkdir(parents=True, exist_ok=True)
        path = self._logs / f"{name}.log"
        with path.open("wb") as log:
            self._children[name] = subprocess.Popen(
                list(command),
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env=self._env,
                start_new_session=True,
            )
        return path

    def ended(self) -> str | None:
        """A message about a child that has ended, or None while all are running."""
        for name, child in self._children.items():
            if child.poll() is not None:
                return f"{name} ended with code {child.returncode}; see {self._logs / name}.log"
        return None

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._children.values():
            _signal(child, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        while time.monotonic() < end and any(_alive(child) for child in self._children.values()):
            time.sleep(0.1)
        for child in self._children.values():
            _signal(child, signal.SIGKILL)


def _alive(child: subprocess.Popen[bytes]) -> bool:
    """Whether any process of the child's group is left."""
    child.poll()
    return _signal(child, 0)


def _signal(child: subprocess.Popen[bytes], number: int) -> bool:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def the_only_daemon(logs: Path) -> Iterator[bool]:
    """Claim the right to run the project's Dagster daemon; yields False if another process has it.

    The claim ends with this process, even if it is killed.
    """
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / "daemon.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listening(port: int) -> bool:
    """Whether something listens on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
