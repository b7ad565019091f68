"""Tasks for calls: most calls wait once, for their message, and a whole task costs more than such a wait."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from inference_server.transport.envoy import suspended


class LeanTask:
    """Runs a coroutine at once and, if it waits for one future, when that is done. Then a task takes over.

    Until then asyncio.current_task() does not know it: a coroutine that needs one, as asyncio.timeout does,
    gets it by asyncio.sleep(0). The coroutine must not raise.
    """

    __slots__ = ("_coroutine", "_waits_for")

    def __init__(self) -> None:
        self._waits_for: asyncio.Future[Any] | None = None

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run it until it waits."""
        self._coroutine = coroutine
        try:
            waits_for = coroutine.send(None)
        except StopIteration:
            return
        if asyncio.isfuture(waits_for):
            self._waits_for = waits_for
            waits_for.add_done_callback(self._resume)
        else:
            self._take_over(waits_for)

    def _resume(self, _done: "asyncio.Future[Any]") -> None:
        try:
            waits_for = self._coroutine.send(None)
        except StopIteration:
            return
        self._take_over(waits_for)

    def _take_over(self, waits_for: Any) -> None:
        rest = suspended.rest(self._coroutine, waits_for)
        self._waits_for = asyncio.ensure_future(rest)

    def cancel(self) -> None:
        """Raise CancelledError in the coroutine, where it waits."""
        if self._waits_for:
            self._waits_for.cancel()

    def uncancel(self) -> None:
        """As that of a task."""
        if isinstance(self._waits_for, asyncio.Task):
            self._waits_for.uncancel()

    def add_done_callback(self, callback: Callable[..., Any]) -> None:
        """Does nothing: Envoy asks only for what was raised."""


def factory(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> Any:
    """A task factory for event loops: lean tasks stay what they are."""
    return coroutine if isinstance(coroutine, LeanTask) else asyncio.Task(coroutine, loop=loop, **options)
