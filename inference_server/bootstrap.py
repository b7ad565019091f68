"""The composition root: every part of a serving process is made and joined here."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import structlog

from house_prices.registry import Registry
from inference_server.codecs import oip_messages
from inference_server.models.champion_watcher import Watcher
from inference_server.models.executor import Compute
from inference_server.models.loader import Loader
from inference_server.models.model_pool import LiveModels
from inference_server.models.statistics import ModelStatistics
from inference_server.observability import Log, Observer, Together, metric_names
from inference_server.observability.logging import Threshold
from inference_server.observability.metric_store import Metric, Sheet
from inference_server.observability.metrics_observer import Metrics
from inference_server.observability.prediction_log import Columns, PredictionLog
from inference_server.observability.request_log import RequestLog
from inference_server.observability.tracing import tracing
from inference_server.rpc.dispatch import Dispatcher
from inference_server.services import health
from inference_server.services.health import Health
from inference_server.services.oip.routes import open_inference
from inference_server.services.prediction import PredictionServices
from inference_server.services.reflection import Reflection
from inference_server.services.router import Routes
from inference_server.settings import Settings
from inference_server.transport import auth
from inference_server.transport import tls as certificates
from inference_server.transport.auth import Authorization
from inference_server.transport.concurrency_limit import ConcurrencyLimit
from inference_server.transport.handlers import Handlers
from inference_server.transport.reload import Reload
from inference_server.transport.server import ProbeServer, Server
from inference_server.transport.stream_idle import Patience

DRAIN_SECONDS = 0.1
"""How long callers are told UNAVAILABLE, which sends them elsewhere, before gRPC tells them CANCELLED."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server that listens."""

    port: int
    health_port: int | None
    sheet: Sheet
    reload: Reload


@contextlib.asynccontextmanager
async def running(settings: Settings, threshold: Threshold) -> AsyncIterator[Running]:
    """A server that runs as long as the block does."""
    log: Log = structlog.get_logger()
    live, compute, sheet = LiveModels(), Compute(), Sheet()
    registry = Registry(settings.models)
    statistics, limit = ModelStatistics(), ConcurrencyLimit(settings.max_in_flight)
    patience = Patience(settings.stream_idle_seconds)
    sheet.also(lambda: _gauges(live, limit))
    tls, allowed = certificates.of(settings), auth.of(settings)
    _warn(settings, log)
    with observing(settings, threshold, live, statistics, sheet, log) as observer:
        loader = Loader(registry, live, log, observer)
        state = Health(live, fixed=[oip_messages.SERVICE])
        routes = _routes(settings, live, loader, state, compute, statistics)
        dispatcher = Dispatcher(observer, max_message_bytes=settings.max_message_bytes)
        handlers = _handlers(routes, observer, dispatcher, limit, patience, allowed)
        server = Server(settings, handlers, patience, tls)
        probed = _handlers(Routes(state.routes()), observer, dispatcher, limit, patience, None)
        probes = ProbeServer(settings, probed)
        watcher = Watcher(registry, live, loader, poll_seconds=settings.poll_seconds, log=log)

        if settings.worker is not None:
            # The kernel gives connections to whoever listens: not to one that has no model yet.
            await watcher.look()
        port, health_port = await server.start(), await probes.start()
        watching = asyncio.create_task(_watch(watcher, state, live, log))
        try:
            reload = Reload(settings, threshold, tls, allowed, log)
            yield Running(port=port, health_port=health_port, sheet=sheet, reload=reload)
        finally:
            state.close()
            log.info("stopping", grace_seconds=settings.grace_seconds)
            watching.cancel()
            limit.close()
            await asyncio.sleep(DRAIN_SECONDS)
            await server.stop(settings.grace_seconds)
            await probes.stop()
            compute.close()


@contextlib.contextmanager
def observing(
    settings: Settings,
    threshold: Threshold,
    live: LiveModels,
    statistics: ModelStatistics,
    sheet: Sheet,
    log: Log,
) -> Iterator[Observer]:
    """Everybody who listens, as the settings ask for them."""
    lines = RequestLog(log, share=settings.log_sample, threshold=threshold)
    observers: list[Observer] = [lines, Metrics(sheet), statistics]
    with contextlib.ExitStack() as lasting:
        if settings.prediction_log:
            kept = PredictionLog(
                settings.prediction_log,
                share=settings.prediction_log_sample,
                columns=lambda market, version: _columns(live, market, version),
                sheet=sheet,
                log=log,
            )
            lasting.enter_context(kept.writing())
            observers.append(kept)
        if settings.traces != "off":
            observers.append(lasting.enter_context(tracing(settings.traces)))
        yield Together(observers, log)


def _columns(live: LiveModels, market: str, version: int) -> Columns:
    contract = live.find(market, str(version)).contract
    return Columns(
        numbers=[feature.name for feature in contract.numbers],
        categories=[feature.name for feature in contract.categories],
    )


def _routes(
    settings: Settings,
    live: LiveModels,
    loader: Loader,
    state: Health,
    compute: Compute,
    statistics: ModelStatistics,
) -> Routes:
    reflected = Reflection(live, fixed=[health.SERVICE, oip_messages.SERVICE], pools=[oip_messages.POOL])
    opened = open_inference(live, loader, state, compute, statistics, max_rows=settings.max_rows)
    predictions = PredictionServices(live, compute, max_rows=settings.max_rows)
    return Routes([*state.routes(), *reflected.routes(), *opened], predictions)


def _handlers(
    routes: Routes,
    observer: Observer,
    dispatcher: Dispatcher,
    limit: ConcurrencyLimit,
    patience: Patience,
    allowed: Authorization | None,
) -> Handlers:
    return Handlers(routes, observer, dispatcher, limit=limit, patience=patience, authorization=allowed)


def _gauges(live: LiveModels, limit: ConcurrencyLimit) -> Iterator[tuple[Metric, tuple[str, ...], float]]:
    yield metric_names.IN_FLIGHT, (), limit.count
    for champion in live.champions().values():
        yield metric_names.CHAMPION, (champion.market, str(champion.version), champion.sha256), 1


def _warn(settings: Settings, log: Log) -> None:
    if (settings.inference_token_file or settings.admin_token_file) and not settings.tls_cert:
        log.warning("tokens travel in plain text", what_to_do="give --tls-cert and --tls-key")


async def _watch(watcher: Watcher, state: Health, live: LiveModels, log: Log) -> None:
    await watcher.look()
    state.open()
    if not live.champions():
        log.warning("waiting for a champion")
    await watcher.run()
