"""A process that publishes or promotes, and dies or finds the disk full at its n-th step.

    python -m tests.dying ROOT publish|promote kill|full N

Without words, it reads them from stdin, a line of JSON each, forks a process for each line, and prints that
process's exit code: a fork takes milliseconds, where a new Python takes a second.

A step is a call that changes the disk or waits for it; each write of a file is two, its halves. The exit
code is 0 where the act ended before the n-th step, 3 where it failed as it should.
"""

import errno
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from house_prices.errors import RegistryError
from house_prices.registry import Registry
from tests import plain_model

PROJECT = Path(__file__).parents[1]
Act = Callable[[Path, str, str, int], int]
"""Root of a registry, publish or promote, kill or full, and the step: gives the exit code."""
FAILED = 3
"""Exit code of an act that the full disk stopped."""


class Steps:
    """Counts down to the step at which the process dies, or finds the disk full from there on."""

    def __init__(self, how: str, at: int) -> None:
        self._kills = how == "kill"
        self._left = at

    def take(self) -> None:
        """Take a step."""
        self._left -= 1
        if self._left > 0:
            return
        if self._kills:
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, as a step of its own."""

        def counted(*arguments: Any, **named: Any) -> Any:
            self.take()
            return call(*arguments, **named)

        return counted

    def counted_open(self, path: Any, flags: int, *arguments: Any, **named: Any) -> int:
        """Open a file: it needs room on the disk only where that may create it."""
        if self._kills or flags & os.O_CREAT:
            self.take()
        return _OPEN(path, flags, *arguments, **named)


_OPEN, _FDOPEN = os.open, os.fdopen


class HalvedFile:
    """A file that writes in two halves, each of them a step."""

    def __init__(self, file: Any, steps: Steps) -> None:
        self._file = file
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "HalvedFile":
        self._file.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self._file.__exit__(*raised)

    def write(self, content: bytes) -> int:
        """Write, flushing between the halves, so that the first is on the disk when the second fails."""
        half = len(content) // 2
        for part in (content[:half], content[half:]):
            self._steps.take()
            self._file.write(part)
            self._file.flush()
        return len(content)


def count(steps: Steps) -> None:
    """Put counting calls in the place of the real ones. What was imported before is no step."""
    for name in ("mkdir", "fsync", "rename", "replace"):
        setattr(os, name, steps.counted(getattr(os, name)))
    os.open = steps.counted_open
    os.fdopen = lambda *arguments: HalvedFile(_FDOPEN(*arguments), steps)  # type: ignore[assignment]  # does all that files.py asks of a file


def main(root: str, act: str, how: str, at: str) -> int:
    """Publish or promote version 2."""
    registry = Registry(Path(root))
    count(Steps(how, int(at)))
    try:
        if act == "publish":
            plain_model.publish(registry, b"the second model")
        else:
            plain_model.promote(registry, 2)
    except RegistryError as error:
        sys.stderr.write(str(error))
        return FAILED
    return 0


def fork_for_each_line() -> None:
    """Carry out what stdin says, each in a process of its own."""
    for line in sys.stdin:
        if pid := os.fork():
            _, status = os.waitpid(pid, 0)
            sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
            sys.stdout.flush()
            continue
        code = 1
        try:
            code = main(*json.loads(line))
        except BaseException:  # noqa: BLE001  # the fork must not go on with the lines of its parent
            traceback.print_exc()
        finally:
            os._exit(code)


@contextmanager
def forking() -> Iterator[Act]:
    """Acts in processes of their own, each forked in a moment; gives their exit codes."""
    command = [sys.executable, "-m", "tests.dying"]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        stdin, stdout = process.stdin, process.stdout

        def act(root: Path, what: str, how: str, at: int) -> int:
            stdin.write(json.dumps([str(root), what, how, str(at)]) + "\n")
            stdin.flush()
            return int(stdout.readline())

        yield act


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(main(*sys.argv[1:]))
    fork_for_each_line()
