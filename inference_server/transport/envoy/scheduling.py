"""How the system schedules Envoy's worker beside Python.

The worker wakes each time that Python hands something over. With no processor idle, it takes Python's, more
than once a call. Under the batch policy it waits until Python has nothing left to do, which costs a fifth
less. It then waits for other programs, too, so calls that come one by one are left to the normal policy.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

BUSY = 2000
"""Calls a second from which on the batch policy is used."""
LOOK_SECONDS = 0.1


async def follow(calls: Callable[[], int], threads: Callable[[], Iterable[int]]) -> None:
    """Choose the policy of these threads, again and again. `calls` is how many have come so far.

    Runs until cancelled, or ends if the system has no such policies.
    """
    if not hasattr(os, "SCHED_BATCH"):
        return
    policy = os.SCHED_OTHER
    while True:
        before = calls()
        await asyncio.sleep(LOOK_SECONDS)
        is_busy = calls() - before >= BUSY * LOOK_SECONDS
        wanted = os.SCHED_BATCH if is_busy else os.SCHED_OTHER
        if wanted != policy:
            policy = wanted
            for thread in threads():
                with contextlib.suppress(OSError):  # not every sandbox allows it
                    os.sched_setscheduler(thread, policy, os.sched_param(0))


def workers() -> list[int]:
    """Envoy's workers in this process, by thread."""
    found = []
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):
            if (thread / "comm").read_text().startswith("wrk:"):
                found.append(int(thread.name))
    return found
