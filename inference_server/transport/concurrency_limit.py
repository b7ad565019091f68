"""How many requests are in flight, and no more than may be."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar

from inference_server.errors import Overloaded, ServingError, Stopping

ACCEPTED: ContextVar[float | None] = ContextVar("ACCEPTED", default=None)
"""When the call of this task was accepted, by time.perf_counter()."""


class Gate:
    """Counts on the event loop, so without a lock. A request that is refused here costs next to nothing."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.count = 0
        """Requests in flight now."""
        self._is_closed = False

    def close(self) -> None:
        """Let nobody in any more."""
        self._is_closed = True

    def enter(self) -> ServingError | None:
        """Count this task's call until the task ends, however that comes; or say why it cannot come in."""
        if self._is_closed:
            return Stopping()
        if self.count >= self.most:
            return Overloaded(self.most)
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("calls are accepted in a task of their own")
        self.count += 1
        ACCEPTED.set(time.perf_counter())
        task.add_done_callback(self._leave)
        return None

    @contextlib.contextmanager
    def question(self) -> Iterator[None]:
        """Count one question of a stream; raises Overloaded where there is no room."""
        if self.count >= self.most:
            raise Overloaded(self.most)
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1

    def _leave(self, _task: "asyncio.Task[object]") -> None:
        self.count -= 1
