"""Coroutines without a task of their own."""

import asyncio
import time

import pytest

from inference_server.transport.envoy import suspended


async def nobody_left() -> None:
    pass


async def left() -> None:
    raise asyncio.CancelledError


def test_what_never_waits_needs_no_event_loop() -> None:
    async def quick() -> int:
        return 7

    with pytest.raises(StopIteration) as done:
        suspended.run(quick(), nobody_left, None).send(None)
    assert done.value.value == 7


def test_what_waits_goes_on_where_it_was() -> None:
    async def slow() -> list[str]:
        found = []
        await asyncio.sleep(0)
        found.append("slept")
        loop = asyncio.get_running_loop()
        found.append(await loop.run_in_executor(None, lambda: "ran"))
        try:
            await loop.run_in_executor(None, lambda: 1 / 0)
        except ZeroDivisionError:
            found.append("failed")
        return found

    assert asyncio.run(suspended.run(slow(), nobody_left, None)) == ["slept", "ran", "failed"]


@pytest.mark.parametrize(("look", "deadline"), [(left, None), (nobody_left, 0.0)])
def test_it_is_cancelled_if_its_caller_leaves_or_stops_waiting(look: object, deadline: float | None) -> None:
    ended = []

    async def endless() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    until = None if deadline is None else time.monotonic() + deadline
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(suspended.run(endless(), look, until))  # type: ignore[arg-type]
    assert ended == [True]
