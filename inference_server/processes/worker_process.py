"""A worker as its supervisor sees it: a process with a pipe in each direction."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from inference_server.observability import metric_names
from inference_server.observability.metric_store import Kind, Numbers, parse
from inference_server.processes.worker_pipes import READY, REPORT, REPORTED, STOP

LONGEST_LINE = 2**26
GAUGES = {metric.name for metric in metric_names.ALL if metric.kind is Kind.GAUGE}


@dataclass(frozen=True, kw_only=True)
class Program:
    """What a worker is started as."""

    command: Sequence[str]
    environment: Mapping[str, str]


class WorkerProcess:
    """From its start to its end."""

    def __init__(self, program: Callable[[], Program], on_ready: Callable[[], None]) -> None:
        """`program` may raise BadSettings, and `run` with it."""
        self._program = program
        self._on_ready = on_ready
        self._process: asyncio.subprocess.Process | None = None
        self._started = time.monotonic()
        self._reported = asyncio.Event()
        self.is_ready = False
        self.numbers: Numbers = {}
        """Its last report."""

    @property
    def pid(self) -> int | None:
        """None before it starts."""
        return self._process.pid if self._process else None

    async def run(self, stop: asyncio.Event, seconds_to_end: float) -> int:
        """Start it and wait for its end, which `stop` asks for; gives its exit code."""
        process = self._process = await self._start()
        stopping = asyncio.create_task(self._end(stop, seconds_to_end))
        try:
            await self._listen(process)
            return await process.wait()
        finally:
            stopping.cancel()

    async def _start(self) -> asyncio.subprocess.Process:
        program, pipe = self._program(), asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            *program.command,
            env=program.environment,
            stdin=pipe,
            stdout=pipe,
            limit=LONGEST_LINE,
            process_group=0,  # Ctrl-C is for the supervisor, which tells its workers once
        )

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Read its reports until it ends."""
        if not process.stdout:
            return
        async for line in process.stdout:
            if line == REPORTED:
                self._reported.set()
            elif self.is_ready and line.endswith(b"\n"):
                self.numbers = parse(line)
            elif line == READY:
                self.is_ready = True
                self._on_ready()

    async def report(self, seconds: float) -> None:
        """Ask for its numbers as of now, and wait for them no longer than so many seconds."""
        if not self.is_ready:
            return
        self._reported.clear()
        self.order(REPORT)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._reported.wait()

    async def _end(self, stop: asyncio.Event, seconds: float) -> None:
        await stop.wait()
        self.order(STOP)
        await asyncio.sleep(seconds)
        self.kill()

    def order(self, line: bytes) -> None:
        """Give an order if it still runs."""
        if self._process and self._process.stdin:
            self._process.stdin.write(line)

    def kill(self) -> None:
        """End it at once if it still runs."""
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def lasted(self, seconds: float) -> bool:
        """Whether it is ready and has run for so long."""
        return self.is_ready and time.monotonic() - self._started >= seconds

    def lasting(self) -> Numbers:
        """The numbers that outlive it."""
        return {key: numbers for key, numbers in self.numbers.items() if key[0] not in GAUGES}
