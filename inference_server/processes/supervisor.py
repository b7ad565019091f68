"""Starts workers, replaces those that end, and passes signals on. Without gRPC: its threads survive no fork.

supervisor: holds the port, serves the metrics of all
  +- worker 0: a whole server on the shared port
  +- worker 1: ...
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import structlog

from inference_server.observability import metric_names
from inference_server.observability.logging import Threshold
from inference_server.observability.metric_store import Metric, MetricStore, Numbers, total
from inference_server.observability.prometheus import exposed
from inference_server.processes import envoy
from inference_server.processes.worker_pipes import MARGIN_SECONDS, RELOAD
from inference_server.processes.worker_process import Program, WorkerProcess
from inference_server.settings import BadSettings, Settings
from inference_server.sockets import held
from inference_server.transport import auth, tls

STABLE_SECONDS = 5.0
"""A worker that ends sooner counts as a failed start."""
MOST_FAILURES = 5
"""Consecutive failed starts, over all workers, before giving up."""
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.1, 10.0
REPORT_SECONDS = 1.0
"""How long a scrape waits for a worker, of which it then has the last report."""

Programs: TypeAlias = Callable[[int], Program]
"""What the worker of a number is started as. Raises BadSettings."""


class WorkersFail(Exception):
    """Workers keep ending as soon as they start, or do not end when told to."""


async def serve(settings: Settings, arguments: Sequence[str], _threshold: Threshold) -> None:
    """Serve until SIGTERM or SIGINT. A second signal ends at once."""
    tls.of(settings), auth.of(settings)  # report faults in them once, not in every worker
    log = structlog.get_logger()
    with ExitStack() as held_open:
        port = held_open.enter_context(held(settings.host, settings.port, "--port"))
        health_port = settings.health_port
        if health_port is not None:
            health_port = held_open.enter_context(held(settings.host, health_port, "--health-port"))
        settings = replace(settings, port=port, health_port=health_port)
        fleet = Fleet(settings, held_open.enter_context(_programs(settings, arguments)), log)
        scraped = exposed(settings.host, settings.metrics_port, fleet.numbers)
        metrics_port = held_open.enter_context(scraped)
        facts = {"port": port, "metrics_port": metrics_port, "health_port": health_port}
        await fleet.run({"host": settings.host, "workers": settings.workers, **facts})
    log.info("stopped")


@contextmanager
def _programs(settings: Settings, arguments: Sequence[str]) -> Iterator[Programs]:
    """Raises BadSettings without the extra that they need."""
    if settings.transport == "envoy":
        with envoy.workers_folder() as folder:
            yield lambda number: envoy.program(replace(settings, worker=number), folder)
        return
    ports = {"--port": settings.port, "--health-port": settings.health_port}
    given = [text for flag, port in ports.items() if port is not None for text in (flag, str(port))]
    command = [sys.executable, "-m", "inference_server", *arguments, *given]
    yield lambda number: Program(command=[*command, "--worker", str(number)], environment=os.environ)


class Fleet:
    """All workers."""

    def __init__(
        self, settings: Settings, programs: Programs, log: structlog.typing.FilteringBoundLogger
    ) -> None:
        self._settings = settings
        self._programs = programs
        self._log = log
        self._workers: dict[int, WorkerProcess] = {}
        self._store = MetricStore()
        self._store.add_collector(self._gauges)
        self._past: Numbers = {}
        self._failures = 0
        self._was_reloaded = False
        self._loop = asyncio.get_running_loop()
        self._refreshing = asyncio.Lock()
        self._stop = asyncio.Event()
        self._all_ready = asyncio.Event()

    async def _refresh(self) -> None:
        async with self._refreshing:
            await asyncio.gather(*(worker.report(REPORT_SECONDS) for worker in self._workers.values()))

    def numbers(self) -> Numbers:
        """The sum over all workers, including those that have ended. For any thread but the event loop's."""
        if self._loop.is_running():
            with suppress(RuntimeError, TimeoutError):
                asyncio.run_coroutine_threadsafe(self._refresh(), self._loop).result(2 * REPORT_SECONDS)
        return total(
            [self._past, self._store.numbers(), *(one.numbers for one in list(self._workers.values()))]
        )

    def _gauges(self) -> Iterator[tuple[Metric, Sequence[str], float]]:
        yield metric_names.WORKERS, (), sum(one.is_ready for one in list(self._workers.values()))

    async def run(self, facts: dict[str, object]) -> None:
        """Keep every worker running until a signal; raises WorkersFail."""
        self._store.add(metric_names.RESTARTS, amount=0)
        self._listen_to_signals()
        keeping = [asyncio.create_task(self._keep(number)) for number in range(self._settings.workers)]
        telling = asyncio.create_task(self._tell(facts))
        try:
            await asyncio.gather(*keeping)
        finally:
            telling.cancel()
            self._begin_to_stop()
            await asyncio.gather(*keeping, return_exceptions=True)

    async def _tell(self, facts: dict[str, object]) -> None:
        await self._all_ready.wait()
        self._log.info("serving", **facts)

    async def _keep(self, number: int) -> None:
        """Start a worker, and replace it when it ends."""
        while not self._stop.is_set():
            worker = WorkerProcess(partial(self._programs, number), partial(self._is_ready, number))
            self._workers[number] = worker
            try:
                code = await worker.run(self._stop, self._settings.grace_seconds + MARGIN_SECONDS)
            except BadSettings as error:
                self._log.error("worker not started", worker=number, reason=str(error))
                code = 1
            self._past = total([self._past, worker.lasting()])
            del self._workers[number]
            if self._stop.is_set():
                self._ended(number, code)
                return
            await self._ended_early(number, worker, code)

    def _is_ready(self, number: int) -> None:
        if self._was_reloaded:
            self._workers[number].order(RELOAD)  # the settings that it was started with are older
        if len(self._workers) == self._settings.workers and all(
            one.is_ready for one in self._workers.values()
        ):
            self._all_ready.set()

    def _ended(self, number: int, code: int) -> None:
        if code != 0:
            raise WorkersFail(f"worker {number} did not end in order: its exit code is {code}.")

    async def _ended_early(self, number: int, worker: WorkerProcess, code: int) -> None:
        self._store.add(metric_names.RESTARTS)
        self._failures = 0 if worker.lasted(STABLE_SECONDS) else self._failures + 1
        wait = min(FIRST_WAIT_SECONDS * 2**self._failures, LONGEST_WAIT_SECONDS)
        self._log.error("worker ended", worker=number, pid=worker.pid, code=code, restart_seconds=wait)
        is_any_stable = any(one.lasted(STABLE_SECONDS) for one in self._workers.values())
        if self._failures >= MOST_FAILURES and not is_any_stable:
            raise WorkersFail(
                f"workers ended {self._failures} times within {STABLE_SECONDS:g} seconds of their start, the "
                f"last one with exit code {code}. Fix what their log lines above say, and start again."
            )
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), wait)

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload)

    def _on_stop(self) -> None:
        if self._stop.is_set():
            for worker in self._workers.values():
                worker.kill()
        self._begin_to_stop()

    def _begin_to_stop(self) -> None:
        if not self._stop.is_set():
            self._log.info("stopping", grace_seconds=self._settings.grace_seconds)
        self._stop.set()

    def _reload(self) -> None:
        self._was_reloaded = True
        for worker in self._workers.values():
            worker.order(RELOAD)
