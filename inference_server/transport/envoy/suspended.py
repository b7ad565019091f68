"""Coroutines that are run without a task of their own until they have to wait, which most never do."""

import asyncio
import time
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")
LOOK_SECONDS = 0.1
"""How soon it is noticed that the caller of a suspended call has left: Envoy does not tell, and is asked."""


async def run(
    coroutine: Coroutine[Any, Any, T], look: Callable[[], Awaitable[None]], deadline: float | None
) -> T:
    """Its result. While it waits, it is cancelled as `watched` does it."""
    try:
        waits_for = coroutine.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    return await watched(rest(coroutine, waits_for), look, deadline)


@types.coroutine
def rest(coroutine: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    """What is left of a coroutine that has been started and waits for a future."""
    while True:
        thrown: BaseException | None = None
        sent: Any = None
        try:
            sent = yield waits_for
        except BaseException as error:  # noqa: BLE001  # what was thrown, too, is for the coroutine
            thrown = error
        try:
            waits_for = coroutine.throw(thrown) if thrown else coroutine.send(sent)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]


async def watched(
    awaited: Awaitable[T],
    look: Callable[[], Awaitable[None]],
    deadline: float | None = None,
    look_seconds: float = LOOK_SECONDS,
) -> T:
    """The result of an awaitable, which is cancelled at the deadline, or if `look` raises.

    The deadline is by time.monotonic(). Raises CancelledError when it passes.
    """

    async def wait() -> T:
        return await awaited

    task = asyncio.create_task(wait())
    try:
        while not task.done():
            left = look_seconds if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise asyncio.CancelledError
            await asyncio.wait({task}, timeout=min(look_seconds, left))
            if not task.done():
                await look()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    return task.result()
