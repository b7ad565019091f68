"""Limits how long a call waits for its caller to send a request or to receive a response."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator

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
        self._waiting: dict[asyncio.Task[object], float] = {}
        self._ended: dict[asyncio.Task[object], ServingError] = {}
        self._stops = asyncio.Event()

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Wait for the caller within the block; raises the error, or Stopping."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("calls are answered in tasks of their own")
        self._waiting[task] = time.monotonic()
        try:
            yield
        except asyncio.CancelledError:
            reason = self._ended.pop(task, None)
            if reason is None:
                raise
            task.uncancel()
            raise reason from None
        finally:
            del self._waiting[task]
            self._ended.pop(task, None)

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
        for task, since in list(self._waiting.items()):
            if since <= latest and task not in self._ended:
                self._ended[task] = reason
                task.cancel()
