"""One of several server processes on a port: serves, and reports to its supervisor.

Standard output is a pipe to the supervisor: a line once it listens, then its metrics as they change.
Standard input closes when the supervisor ends, and the worker ends with it.
"""

import asyncio
import os
import signal
import sys

from inference_server import bootstrap
from inference_server.observability.logging import Threshold
from inference_server.observability.metric_store import MetricStore, dump
from inference_server.settings import Settings
from inference_server.transport.grpcio.server import Servers

READY = b"ready\n"
TELL_SECONDS = 0.25


async def serve(settings: Settings, threshold: Threshold) -> None:
    """Serve until the supervisor sends SIGTERM, or ends."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_reader(sys.stdin.fileno(), _on_end_of_input, stop)
    async with bootstrap.running(settings, threshold, Servers) as server:
        loop.add_signal_handler(signal.SIGHUP, server.reload)
        await _tell(READY)
        telling = asyncio.create_task(_tell_changes(server.store))
        await stop.wait()
    telling.cancel()
    await _tell(dump(server.store.numbers()).encode() + b"\n")


def _on_end_of_input(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stop.set()


async def _tell_changes(store: MetricStore) -> None:
    last = b""
    while True:
        line = dump(store.numbers()).encode() + b"\n"
        if line != last:
            await _tell(line)
            last = line
        await asyncio.sleep(TELL_SECONDS)


async def _tell(line: bytes) -> None:
    """Write on a thread: a supervisor that does not read must not block requests."""
    await asyncio.to_thread(_write, line)


def _write(line: bytes) -> None:
    try:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        pass  # the supervisor is gone, and the end of input says so
