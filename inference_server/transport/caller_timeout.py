"""Limits how long a call waits for its caller to send a request or to receive a response."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Protocol

from inference_server.errors import ServingError, Stopping

LOOK_SECONDS = 1.0
STOPPING_SECONDS = 0.05
"""A call that waits for this long while the server stops is ended."""


class Waiter(Protocol):
    """A task, or what is used as one."""

    def cancel(self) -> object:
        """Raise CancelledError where it waits."""

    def uncancel(self) -> object:
        """It goes on after all."""


def _current_task() -> Waiter:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("calls are answered in tasks of their own")
    return task


class CallerTimeout:
    """Ends calls that wait too long for their callers. One task checks all, cheaper than a timer each."""

    def __init__(self, seconds: float, error: Callable[[float], ServingError]) -> None:
        """`error` makes what the caller gets from the seconds that were allowed."""
        self._seconds = seconds
        self._error = error
        self.since: dict[Waiter, float] = {}
        self.ended: dict[Waiter, ServingError] = {}
        self._stops = asyncio.Event()

    def waiting(self) -> "Waiting":
        """The wait of the current task."""
        return Waiting(self, _current_task())

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
        for waiter, since in list(self.since.items()):
            if since <= latest and waiter not in self.ended:
                self.ended[waiter] = reason
                waiter.cancel()


class Waiting:
    """A context manager: wait for the caller within the block; raises the error, or Stopping."""

    __slots__ = ("_timeout", "_waiter")

    def __init__(self, timeout: CallerTimeout, waiter: Waiter) -> None:
        self._timeout = timeout
        self._waiter = waiter

    def __enter__(self) -> None:
        self._timeout.since[self._waiter] = time.monotonic()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        del self._timeout.since[self._waiter]
        reason = self._timeout.ended.pop(self._waiter, None)
        if reason and kind is asyncio.CancelledError:
            self._waiter.uncancel()
            raise reason from None
