"""The composition root: every part of the server is made and joined here."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

import structlog

from house_prices.registry import Registry
from inference_server import oip
from inference_server.compute import Compute
from inference_server.live_models import LiveModels
from inference_server.loader import Loader
from inference_server.observation import Log, logged
from inference_server.routes import Routes
from inference_server.server import Server
from inference_server.services import health
from inference_server.services.health import Health
from inference_server.services.oip.routes import open_inference
from inference_server.services.prediction import PredictionServices
from inference_server.services.reflection import Reflection
from inference_server.settings import Settings
from inference_server.watcher import Watcher


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then end what was accepted. A second signal ends at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings):
        await stop.wait()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[int]:
    """A server that runs as long as the block does; gives its port."""
    log: Log = structlog.get_logger()
    live, compute = LiveModels(), Compute()
    registry = Registry(settings.models)
    loader = Loader(registry, live, log)
    state = Health(live, fixed=[oip.SERVICE])
    reflected = Reflection(live, fixed=[health.SERVICE, oip.SERVICE], pools=[oip.POOL])
    opened = open_inference(live, loader, state, compute, max_rows=settings.max_rows)
    predictions = PredictionServices(live, compute, max_rows=settings.max_rows)
    routes = Routes([*state.routes(), *reflected.routes(), *opened], predictions)
    server = Server(settings, routes, logged(log))
    watcher = Watcher(registry, live, loader, poll_seconds=settings.poll_seconds, log=log)

    port = await server.start()
    log.info("serving", host=settings.host, port=port)
    watching = asyncio.create_task(_watch(watcher, state, live, log))
    try:
        yield port
    finally:
        state.close()
        log.info("stopping", grace_seconds=settings.grace_seconds)
        watching.cancel()
        await server.stop(settings.grace_seconds)
        compute.close()
        log.info("stopped")


async def _watch(watcher: Watcher, state: Health, live: LiveModels, log: Log) -> None:
    await watcher.look()
    state.open()
    if not live.champions():
        log.warning("waiting for a champion")
    await watcher.run()
