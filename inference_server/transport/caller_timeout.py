"""Limits how long a call waits for its caller to send a request or to receive a response."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from inference_server.errors import ServingError, Stopping

LOOK_SECONDS = 1.0
STOPPING_SECONDS = 0.05
"""A call that waits for this long while the server stops is ended."""


class CallerTimeout:
    """Ends calls that wait too long for their callers. One task checks all, cheaper than a timer each."""

    def __init__(self, seconds: float, error: Callable[[float], ServingError]) -> None:
        """`error` makes what the caller gets from the seconds that were allowed."""
        self._seconds = seconds
        self._error = error
        self.since: dict[asyncio.Task[object], float] = {}
        self.ended: dict[asyncio.Task[object], ServingError] = {}
        self._stops = asyncio.Event()

    def waiting(self) -> "Waiting":
        """A context manager: wait for the caller within the block; raises the error, or Stopping."""
        return Waiting(self)

    async def run(self) -> None:
        """Check until cancelled."""
        while True:
            stops = self._stops.is_set()
            self._look(Stopping() if stops else self._error(self._seconds))
            if stops:
                await asyncio.sleep(STOPPING_SECONDS / 2)
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stops.wait(), LOOK_SECONDS)

    def stop(self) -> None:
        """End calls that wait from now on."""
        self._stops.set()

    def _look(self, reason: ServingError) -> None:
        allowed = STOPPING_SECONDS if self._stops.is_set() else self._seconds
        latest = time.monotonic() - allowed
        for task, since in list(self.since.items()):
            if since <= latest and task not in self.ended:
                self.ended[task] = reason
                task.cancel()


class Waiting:
    """One wait of one task."""

    __slots__ = ("_task", "_timeout")

    def __init__(self, timeout: CallerTimeout) -> None:
        self._timeout = timeout

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("calls are answered in tasks of their own")
        self._task = task
        self._timeout.since[task] = time.monotonic()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        del self._timeout.since[self._task]
        reason = self._timeout.ended.pop(self._task, None)
        if reason and kind is asyncio.CancelledError:
            self._task.uncancel()
            raise reason from None
