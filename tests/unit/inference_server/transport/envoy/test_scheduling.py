"""Envoy's worker yields to Python while many calls come."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from inference_server.transport.envoy import scheduling

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such policies")


@pytest.fixture
def thread() -> Iterator[int]:
    end = threading.Event()
    running = threading.Thread(target=end.wait)
    running.start()
    yield running.native_id or 0
    end.set()
    running.join()


async def becomes(thread: int, policy: int) -> None:
    async with asyncio.timeout(10):
        while os.sched_getscheduler(thread) != policy:
            await asyncio.sleep(0.001)


def test_a_thread_has_the_batch_policy_as_long_as_many_calls_come(
    thread: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduling, "LOOK_SECONDS", 0.01)
    calls_s = 0

    async def follow() -> None:
        nonlocal calls_s
        following = asyncio.create_task(
            scheduling.follow(lambda: int(time.monotonic() * calls_s), lambda: [thread])
        )
        calls_s = 3 * scheduling.BUSY
        await becomes(thread, os.SCHED_BATCH)
        calls_s = scheduling.BUSY // 3
        await becomes(thread, os.SCHED_OTHER)
        following.cancel()

    asyncio.run(follow())
