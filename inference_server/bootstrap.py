"""The composition root: creates and connects every part of a serving process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from house_prices.registry import Registry
from inference_server.codecs import oip_messages
from inference_server.errors import BodyLate, StreamIdle
from inference_server.models.champion_watcher import Watcher
from inference_server.models.child import Process
from inference_server.models.executor import Executor
from inference_server.models.loader import Loader
from inference_server.models.model_pool import ModelPool
from inference_server.models.preflight import Child
from inference_server.models.statistics import ModelStatistics
from inference_server.observability import CompositeObserver, Log, Observer, metric_names
from inference_server.observability.logging import Threshold
from inference_server.observability.metric_store import Metric, MetricStore
from inference_server.observability.metrics_observer import Metrics
from inference_server.observability.prediction_log import Columns, PredictionLog
from inference_server.observability.request_log import RequestLog
from inference_server.observability.tracing import tracing
from inference_server.rpc.concurrency_limit import ConcurrencyLimit
from inference_server.rpc.dispatch import Dispatcher
from inference_server.services import health
from inference_server.services.card import Cards
from inference_server.services.explanation import Explaining
from inference_server.services.health import Health
from inference_server.services.json_api import JsonApi
from inference_server.services.oip.routes import open_inference
from inference_server.services.prediction import PredictionServices
from inference_server.services.reflection import Reflection
from inference_server.services.router import Router
from inference_server.settings import BadSettings, Settings
from inference_server.transport import auth
from inference_server.transport import tls as certificates
from inference_server.transport.caller_timeout import CallerTimeout
from inference_server.transport.reload import Reload
from inference_server.transport.served import Carrier, Ports, Served, Transport

KEY_FILE = "--prediction-log-key-file"
DRAIN_SECONDS = 0.1
"""How long new calls get UNAVAILABLE, which sends them elsewhere, before gRPC answers CANCELLED."""


Carried = TypeVar("Carried", bound=Transport)


@dataclass(frozen=True, kw_only=True)
class Running(Generic[Carried]):
    """A server that listens."""

    transport: Carried
    pool: ModelPool
    is_open: bool
    """Whether callers need no credentials."""
    ports: Ports
    store: MetricStore
    reload: Reload


@contextlib.asynccontextmanager
async def running(
    settings: Settings, threshold: Threshold, carrier: Carrier[Carried], first_child: Process | None = None
) -> AsyncIterator[Running[Carried]]:
    """A server that runs during the block, over the carrier's transport.

    `first_child` has been started to try a model: see inference_server.models.child.
    """
    log: Log = structlog.get_logger()
    pool, executor, store = ModelPool(), Executor(), MetricStore()
    registry = Registry(settings.models)
    statistics, limit = ModelStatistics(), ConcurrencyLimit(settings.max_in_flight)
    store.add_collector(lambda: _gauges(pool, limit))
    tls, allowed = certificates.of(settings), auth.of(settings)
    _warn(settings, log)
    with observing(settings, threshold, pool, statistics, store, log) as observer:
        loader = Loader(registry, pool, log, observer, preflight=Child(first_child))
        state = Health(pool, fixed=[oip_messages.SERVICE])
        router = _router(settings, registry, pool, loader, state, executor, statistics)
        dispatcher = Dispatcher(observer, max_message_bytes=settings.max_message_bytes)
        served = Served(
            router=router,
            observer=observer,
            dispatcher=dispatcher,
            limit=limit,
            idle_timeout=CallerTimeout(settings.stream_idle_seconds, StreamIdle),
            body_timeout=CallerTimeout(settings.body_seconds, BodyLate),
            authorization=allowed,
        )
        probed = replace(served, router=Router(state.routes()), authorization=None)
        transport = carrier(settings, served, probed, tls)
        watcher = Watcher(registry, pool, loader, poll_seconds=settings.poll_seconds, log=log)

        if settings.worker is not None:
            # The kernel gives connections to every worker that listens: load the models first.
            await watcher.look()
        ports = await transport.start()
        watching = asyncio.create_task(_watch(watcher, state, pool, log))
        try:
            reload = Reload(settings, threshold, tls, allowed, log)
            yield Running(
                transport=transport,
                pool=pool,
                is_open=allowed is None,
                ports=ports,
                store=store,
                reload=reload,
            )
        finally:
            state.close()
            log.info("stopping", grace_seconds=settings.grace_seconds)
            watching.cancel()
            limit.close()
            await asyncio.sleep(DRAIN_SECONDS)
            await transport.stop(settings.grace_seconds)
            executor.close()


@contextlib.contextmanager
def observing(
    settings: Settings,
    threshold: Threshold,
    pool: ModelPool,
    statistics: ModelStatistics,
    store: MetricStore,
    log: Log,
) -> Iterator[Observer]:
    """The observers that the settings ask for."""
    lines = RequestLog(log, share=settings.log_sample, threshold=threshold)
    observers: list[Observer] = [lines, Metrics(store), statistics]
    with contextlib.ExitStack() as lasting:
        if settings.prediction_log:
            kept = PredictionLog(
                settings.prediction_log,
                share=settings.prediction_log_sample,
                file_seconds=settings.prediction_log_file_seconds,
                key=_secret(settings.prediction_log_key_file),
                columns=lambda market, version: _columns(pool, market, version),
                store=store,
                log=log,
            )
            lasting.enter_context(kept.writing())
            observers.append(kept)
        if settings.traces != "off":
            observers.append(lasting.enter_context(tracing(settings.traces)))
        yield CompositeObserver(observers, log)


def _columns(pool: ModelPool, market: str, version: int) -> Columns:
    model = pool.find(market, str(version))
    return Columns(
        numbers=[feature.name for feature in model.contract.numbers],
        categories=[feature.name for feature in model.contract.categories],
        warnings=model.ranges.warnings,
    )


def _secret(path: Path | None) -> bytes | None:
    """What a file holds without the blanks around it; None without a file."""
    if path is None:
        return None
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise BadSettings(f"{KEY_FILE}: {path} cannot be read: {error.strerror}") from error
    if not secret:
        raise BadSettings(
            f"{KEY_FILE}: {path} is empty, allowed: a secret. Make one: openssl rand -hex 32 > {path}"
        )
    return secret


def _router(
    settings: Settings,
    registry: Registry,
    pool: ModelPool,
    loader: Loader,
    state: Health,
    executor: Executor,
    statistics: ModelStatistics,
) -> Router:
    reflected = Reflection(
        pool, fixed=[health.SERVICE, oip_messages.SERVICE], descriptor_pools=[oip_messages.POOL]
    )
    opened = open_inference(pool, loader, state, executor, statistics, max_rows=settings.max_rows)
    explaining = Explaining(executor, most=settings.max_explanations)
    predictions = PredictionServices(pool, executor, explaining, max_rows=settings.max_rows)
    json = JsonApi(pool, executor, explaining, max_rows=settings.max_rows)
    fixed = [*state.routes(), *reflected.routes(), *opened, *json.routes(), Cards(pool, registry).route()]
    return Router(fixed, predictions)


def _gauges(pool: ModelPool, limit: ConcurrencyLimit) -> Iterator[tuple[Metric, tuple[str, ...], float]]:
    yield metric_names.IN_FLIGHT, (), limit.count
    for champion in pool.champions().values():
        yield metric_names.CHAMPION, (champion.market, str(champion.version), champion.sha256), 1


def _warn(settings: Settings, log: Log) -> None:
    if (settings.inference_token_file or settings.admin_token_file) and not settings.tls_cert:
        log.warning("tokens travel in plain text", what_to_do="give --tls-cert and --tls-key")


async def _watch(watcher: Watcher, state: Health, pool: ModelPool, log: Log) -> None:
    try:
        await watcher.look()
        state.open()
        if not pool.champions():
            log.warning("waiting for a champion")
        await watcher.run()
    except Exception as error:  # the models go on serving; balancers and people are told
        state.close()
        log.error("the watcher ended, so the server is not ready: start it again", exc_info=error)
