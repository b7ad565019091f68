"""A server in one process."""

import asyncio
import signal
from dataclasses import asdict

import structlog

from inference_server import bootstrap
from inference_server.models.child import Process
from inference_server.observability.logging import Threshold
from inference_server.observability.prometheus import exposed
from inference_server.settings import Settings
from inference_server.transport.grpcio.server import Servers


async def serve(settings: Settings, threshold: Threshold, first_child: Process) -> None:
    """Serve until SIGTERM or SIGINT, then finish accepted requests. A second signal ends at once."""
    log = structlog.get_logger()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with bootstrap.running(settings, threshold, Servers, first_child) as server:
        with exposed(settings.host, settings.metrics_port, server.store.numbers) as metrics_port:
            loop.add_signal_handler(signal.SIGHUP, server.reload)
            ports = {**asdict(server.ports), "metrics_port": metrics_port}
            log.info("serving", host=settings.host, **ports)
            await stop.wait()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
    log.info("stopped")
