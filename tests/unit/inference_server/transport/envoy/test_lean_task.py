"""Tasks that become tasks of asyncio's only if they wait more than once."""

import asyncio
from typing import Any

import pytest

from inference_server.transport.envoy import lean_task
from inference_server.transport.envoy.lean_task import LeanTask


async def waits(for_each: "list[asyncio.Future[str]]", came: list[str]) -> None:
    try:
        for future in for_each:
            came.append(await future)
    except asyncio.CancelledError:
        came.append("cancelled")


def started(for_each: "list[asyncio.Future[str]]") -> tuple[LeanTask, list[str]]:
    came: list[str] = []
    task = LeanTask()
    task.start(waits(for_each, came))
    return task, came


@pytest.mark.parametrize("waits_so_often", [0, 1, 2, 3])
def test_it_goes_on_as_often_as_what_it_waits_for_is_there(waits_so_often: int) -> None:
    async def run() -> None:
        futures = [asyncio.get_running_loop().create_future() for _ in range(waits_so_often)]
        _, came = started(futures)
        for number, future in enumerate(futures):
            future.set_result(str(number))
            await asyncio.sleep(0.01)
        assert came == [str(number) for number in range(waits_so_often)]

    asyncio.run(run())


def test_one_wait_needs_no_task_of_asyncios() -> None:
    async def run() -> None:
        future = asyncio.get_running_loop().create_future()
        started([future])
        assert len(asyncio.all_tasks()) == 1
        future.set_result("")
        await asyncio.sleep(0.01)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(run())


@pytest.mark.parametrize("waits_before", [0, 1])
def test_it_can_be_cancelled_wherever_it_waits(waits_before: int) -> None:
    async def run() -> None:
        futures = [asyncio.get_running_loop().create_future() for _ in range(waits_before + 1)]
        task, came = started(futures)
        for future in futures[:waits_before]:
            future.set_result("before")
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.sleep(0.01)
        assert came == [*["before"] * waits_before, "cancelled"]

    asyncio.run(run())


def test_a_timeout_works_in_what_first_sleeps_for_a_moment() -> None:
    came: list[str] = []

    async def slow() -> None:
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(60)
        except TimeoutError:
            came.append("late")

    async def run() -> None:
        LeanTask().start(slow())
        await asyncio.sleep(0.1)
        assert came == ["late"]

    asyncio.run(run())


def test_an_event_loop_with_the_factory_takes_it_for_a_task() -> None:
    async def run() -> None:
        loop: Any = asyncio.get_running_loop()
        loop.set_task_factory(lean_task.factory)
        lean = LeanTask()
        assert loop.create_task(lean) is lean
        assert isinstance(loop.create_task(asyncio.sleep(0)), asyncio.Task)

    asyncio.run(run())
