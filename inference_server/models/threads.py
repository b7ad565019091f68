"""Functions on threads that end with the process: a disk that does not answer must not hold up its end."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


async def run(function: Callable[..., Result], *arguments: Any) -> Result:
    """The function's result, from a daemon thread of its own."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def tell(settle: Callable[[Any], None], value: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed, and nobody waits
            loop.call_soon_threadsafe(lambda: None if future.done() else settle(value))

    def work() -> None:
        try:
            result = function(*arguments)
        except BaseException as error:  # noqa: BLE001  # told to the task that waits
            tell(future.set_exception, error)
        else:
            tell(future.set_result, result)

    threading.Thread(target=work, name=getattr(function, "__name__", "reading"), daemon=True).start()
    return await future
