"""A worker's end of the pipes to its supervisor.

Standard output: a line once it listens, then its metrics, as they change and when they are asked for.
Standard input: orders, a line each. It closes when the supervisor ends, and the worker ends with it: in order
if it can, and at once when its grace period is over.
"""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable

from inference_server.observability.metric_store import MetricStore, dump

READY, REPORTED = b"ready\n", b"reported\n"
STOP, RELOAD, REPORT = b"stop\n", b"reload\n", b"report\n"
MARGIN_SECONDS = 5.0
"""Time beyond its grace period before a worker is ended the hard way."""
TELL_SECONDS = 0.25
"""How much of what a worker has counted may be lost if it is killed."""


class Orders:
    """Follows what the supervisor wants, on the event loop."""

    def __init__(self, *, grace_seconds: float) -> None:
        self._seconds_to_end = grace_seconds + MARGIN_SECONDS
        self.stop = asyncio.Event()
        """Set when the worker is to end."""
        self.report = asyncio.Event()
        """Set when the metrics are to be reported."""
        self.on_reload: Callable[[], None] = lambda: None
        self._rest = b""
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._read)

    def _read(self) -> None:
        came = os.read(sys.stdin.fileno(), 1024)
        *lines, self._rest = (self._rest + came).splitlines(keepends=True) if came else (STOP, b"")
        if self._rest.endswith(b"\n"):
            lines, self._rest = [*lines, self._rest], b""
        if not came:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self._end_in_time()
        for line in lines:
            if line == STOP:
                self.stop.set()
            elif line == RELOAD:
                self.on_reload()
            elif line == REPORT:
                self.report.set()

    def _end_in_time(self) -> None:
        """There is no supervisor to do it."""
        timer = threading.Timer(self._seconds_to_end, os._exit, (1,))
        timer.daemon = True
        timer.start()


@contextlib.asynccontextmanager
async def reporting(store: MetricStore, orders: Orders) -> AsyncIterator[None]:
    """Say that it listens, and report metrics as long as the block lasts."""
    await _tell(READY)
    telling = asyncio.create_task(_tell_changes(store, orders.report))
    try:
        yield
    finally:
        telling.cancel()


async def tell_last(store: MetricStore) -> None:
    """Report the final metrics."""
    await _tell(_line(store))


def _line(store: MetricStore) -> bytes:
    return dump(store.numbers()).encode() + b"\n"


async def _tell_changes(store: MetricStore, asked: asyncio.Event) -> None:
    last = b""
    while True:
        is_asked = asked.is_set()
        asked.clear()
        line = _line(store)
        if line != last or is_asked:
            await _tell(line + (REPORTED if is_asked else b""))
            last = line
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TELL_SECONDS):
                await asked.wait()


async def _tell(line: bytes) -> None:
    """Write on a thread: a supervisor that does not read must not block requests."""
    await asyncio.to_thread(_write, line)


def _write(line: bytes) -> None:
    with contextlib.suppress(BrokenPipeError):  # the supervisor is gone, and the end of input says so
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
