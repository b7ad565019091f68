"""Loads a version in a process of its own first, with limits: a model's file may be made to do harm.

What the process does is in trial.py. Beyond its limits the kernel ends it, and not the server.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from house_prices.registry import ModelVersion
from inference_server.models import child
from inference_server.models.child import Process
from inference_server.models.loaded_model import Tried
from inference_server.models.onnx_session import ModelRefused, ReplayFailed
from inference_server.models.trial import MOST_BYTES, MOST_SECONDS

MOST_AT_ONCE = 2
Preflight: TypeAlias = Callable[[ModelVersion], Awaitable[Tried]]
"""Raises ModelRefused."""


class Child:
    """Runs children, a few at a time."""

    def __init__(self, first: Process | None = None) -> None:
        """`first` has been started already."""
        self._first = first
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    async def __call__(self, version: ModelVersion) -> Tried:
        """Load a version in a child. Raises ModelRefused."""
        async with self._places:
            first, self._first = self._first, None
            code, told = await _told(first or child.start(), version)
        if code != 0:
            raise ModelRefused(
                f"loading it in a process of its own did not end well (exit code {code}): it may take "
                f"{MOST_SECONDS} seconds and {MOST_BYTES >> 30} GiB"
            )
        found = json.loads(told)
        if "refused" in found:
            raise (ReplayFailed if found["is_replay"] else ModelRefused)(found["refused"])
        return Tried(**found)


async def _told(process: Process, version: ModelVersion) -> tuple[int, bytes]:
    """Its exit code and output; it is killed with the task that waits for it."""
    place = [str(version.folder.parent.parent), version.market, str(version.number)]
    try:
        return await asyncio.to_thread(process.ask, json.dumps(place).encode(), 2 * MOST_SECONDS)
    except TimeoutError:
        return -9, b""
    finally:
        process.kill()
