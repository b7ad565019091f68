"""Loads a version in a process of its own first, with limits: a model's file may be made to do harm.

    echo '["REGISTRY", "MARKET", "VERSION"]' | python -m inference_server.models.preflight

The child loads the version as the server would, replays its golden rows, and prints what it
found, or why it refuses. Beyond MOST_SECONDS or MOST_BYTES the kernel ends it, and not the server.
"""

import asyncio
import contextlib
import json
import resource
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

from house_prices.errors import HousePricesError
from house_prices.registry import ModelVersion, Registry
from inference_server.models import child, loaded_model
from inference_server.models.child import Process
from inference_server.models.loaded_model import Tried
from inference_server.models.onnx_session import ModelRefused, ReplayFailed

MOST_SECONDS = 20
"""Of the processor, and twice as many by the clock."""
MOST_BYTES = 4 * 2**30
"""Of address space."""
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


def main() -> None:
    """What the child does."""
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # it goes before the server does
    if not (place := sys.stdin.read()):
        return  # the server has ended, and wanted nothing
    root, market, version = json.loads(place)
    try:
        model = loaded_model.load(Registry(Path(root)).version(market, int(version)))
    except (HousePricesError, OSError):
        print(json.dumps({"sha256": ""}))  # noqa: T201  # the server meets the same, and explains it
    except ModelRefused as error:
        print(json.dumps({"refused": str(error), "is_replay": isinstance(error, ReplayFailed)}))  # noqa: T201
    else:
        print(json.dumps({"sha256": model.sha256, "repeats": model.onnx.repeats}))  # noqa: T201


if __name__ == "__main__":
    main()
