"""Loads versions from the registry. A failure never affects the models that serve."""

import asyncio
import re
import time
from collections import defaultdict
from pathlib import Path

from house_prices.errors import HousePricesError
from house_prices.registry import Champion, Registry
from inference_server.errors import LoadRefused, ModelNotFound, listed, quoted
from inference_server.models import loaded_model, threads
from inference_server.models.loaded_model import LoadedModel
from inference_server.models.model_pool import ModelPool
from inference_server.models.onnx_session import ModelRefused, ReplayFailed
from inference_server.models.preflight import Preflight
from inference_server.observability import NULL_OBSERVER, Loaded, Log, Observer

VERSION = re.compile("[1-9][0-9]{0,8}")


class Loader:
    """Loads off the serving path, one version of a market at a time."""

    def __init__(
        self,
        registry: Registry,
        pool: ModelPool,
        log: Log,
        observer: Observer = NULL_OBSERVER,
        *,
        preflight: Preflight | None = None,
    ) -> None:
        """`preflight` tries each version in another process first; None trusts the files."""
        self._registry = registry
        self._pool = pool
        self._log = log
        self._observer = observer
        self._preflight = preflight
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def serve(self, market: str, champion: Champion) -> None:
        """Load a champion and let it serve. Raises any error that prevents it."""
        async with self._turns[market]:
            await self._serve(market, champion)

    async def _serve(self, market: str, champion: Champion) -> None:
        started = time.monotonic()
        model = self._pool.loaded(market).get(str(champion.version))
        if not model or model.sha256 != champion.sha256:
            model = await self._read(market, champion.version, champion.sha256)
        if model is not self._pool.champions().get(market):
            self._pool.put(model, previous=champion.previous)
            seconds = round(time.monotonic() - started, 3)
            self._log.info("model serves", market=market, version=model.version, load_seconds=seconds)

    async def keep_previous(self, market: str, champion: Champion) -> None:
        """Load a champion's predecessor, so that a rollback to it is instant."""
        previous = champion.previous
        async with self._turns[market]:
            serving = self._pool.champions().get(market)
            is_late = not serving or serving.version != champion.version
            if previous is None or is_late or str(previous) in self._pool.loaded(market):
                return
            try:
                self._pool.hold(await self._read(market, previous))
            except Exception as error:  # noqa: BLE001  # a rollback to it would fail again, and report it
                reason = self._explained(error)
                self._pool.refuse(market, previous, reason)
                self._log.warning("previous model not kept", market=market, version=previous, reason=reason)
                return
            self._log.info("previous model kept", market=market, version=previous)

    async def serve_newest(self, market: str) -> None:
        """Load the registry's current champion now, without waiting for the watcher."""
        await self._check(market)
        async with self._turns[market]:
            champion = await threads.run(self._champion, market)
            try:
                await self._serve(market, champion)
            except Exception as error:
                raise self._refusal(market, champion.version, error) from error

    async def pin(self, market: str, version: str) -> None:
        """Load a version by its number and keep it until it is unloaded."""
        await self._check(market)
        async with self._turns[market]:
            model = self._pool.loaded(market).get(version)
            model = model or await self._load(market, version)
            self._pool.hold(model, pinned=True)
        self._log.info("model loaded", market=market, version=model.version)

    def unload(self, market: str, version: str) -> None:
        """Unload a version."""
        self._pool.unload(market, version)
        self._log.info("model unloaded", market=market, version=int(version))

    async def published(self) -> dict[str, list[int]]:
        """Numbers of the published versions, by market; empty if the registry cannot be read."""

        def look() -> dict[str, list[int]]:
            return {market: self._registry.versions(market) for market in self._registry.markets()}

        try:
            return await threads.run(look)
        except OSError:
            return {}

    def refuse(self, market: str, version: int, error: Exception, **facts: object) -> str:
        """Log and record why a version was not loaded, and return the reason."""
        reason = self._explained(error)
        self._pool.refuse(market, version, reason)
        serving = self._pool.champions().get(market)
        self._log.error(
            "model refused",
            market=market,
            version=version,
            reason=reason,
            serving_version=serving.version if serving else None,
            exc_info=None if _is_expected(error) else error,
            **facts,
        )
        return reason

    def _refusal(self, market: str, version: int, error: Exception) -> LoadRefused:
        reason = self.refuse(market, version, error)
        return LoadRefused(f"version {version} of {market} was not loaded, and nothing changed: {reason}")

    async def _check(self, market: str) -> None:
        """Only names that the registry lists may become part of a path."""
        markets = await threads.run(self._registry.markets)
        if market not in markets:
            raise ModelNotFound(f"no model {quoted(market)} in the registry, there are: {listed(markets)}.")

    async def _load(self, market: str, version: str) -> LoadedModel:
        published = await threads.run(self._registry.versions, market)
        if not VERSION.fullmatch(version) or int(version) not in published:
            there = listed(published[::-1])
            raise ModelNotFound(f"no version {quoted(version)} of {market} is published, there are: {there}.")
        try:
            return await self._read(market, int(version))
        except Exception as error:
            raise self._refusal(market, int(version), error) from error

    async def _read(self, market: str, version: int, sha256: str | None = None) -> LoadedModel:
        started, outcome = time.monotonic(), "failed"
        try:
            published = await threads.run(self._registry.version, market, version)
            tried = await self._preflight(published) if self._preflight else None
            model = await threads.run(loaded_model.load, published, sha256, tried)
            outcome = "loaded"
        except ModelRefused as error:
            outcome = "replay_failed" if isinstance(error, ReplayFailed) else "refused"
            raise
        finally:
            seconds = time.monotonic() - started
            self._observer.loaded(Loaded(market=market, version=version, outcome=outcome, seconds=seconds))
        return model

    def _champion(self, market: str) -> Champion:
        try:
            champion = self._registry.champion(market)
        except (OSError, HousePricesError) as error:
            raise LoadRefused(
                f"champion.json of {market} cannot be read: {self._explained(error)}"
            ) from error
        if not champion:
            raise LoadRefused(f"{market} has no champion yet. Promote a version, or name one to load.")
        return champion

    def _explained(self, error: Exception) -> str:
        """The reason for a caller, without paths outside the registry."""
        if isinstance(error, OSError):
            return f"{error.strerror}: {Path(str(error.filename)).name}"
        if not _is_expected(error):
            return "an unexpected error; the server's log has the details"
        return str(error).replace(f"{self._registry.root}/", "")


def _is_expected(error: Exception) -> bool:
    return isinstance(error, OSError | HousePricesError | ModelRefused)
