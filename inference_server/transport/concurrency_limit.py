"""How many requests are in flight, and no more than allowed."""

import asyncio
import contextlib
import time
from collections.abc import Iterator

from inference_server.errors import Overloaded, ServingError, Stopping


class ConcurrencyLimit:
    """Counts on the event loop, so without a lock. A request that is refused here costs next to nothing."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.count = 0
        """Requests in flight now."""
        self._accepted: dict[asyncio.Task[object], float] = {}
        """When each task's call was accepted."""
        self._is_closed = False

    def close(self) -> None:
        """Refuse all from now on."""
        self._is_closed = True

    def enter(self) -> ServingError | None:
        """Count this task's call until the task ends, however it ends; or give the reason to refuse it."""
        if self._is_closed:
            return Stopping()
        if self.count >= self.most:
            return Overloaded(self.most)
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("calls are accepted in a task of their own")
        self.count += 1
        self._accepted[task] = time.perf_counter()
        task.add_done_callback(self._leave)
        return None

    def accepted(self) -> float | None:
        """When this task's call was accepted, by time.perf_counter(); None if calls of its kind are not."""
        task = asyncio.current_task()
        return self._accepted.get(task) if task else None

    @contextlib.contextmanager
    def request(self) -> Iterator[None]:
        """Count one request of a stream; raises Overloaded if there is no room."""
        if self.count >= self.most:
            raise Overloaded(self.most)
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1

    def _leave(self, task: "asyncio.Task[object]") -> None:
        self.count -= 1
        del self._accepted[task]
