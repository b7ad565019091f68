"""Polls the registry, loads each new champion and lets it serve."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from house_prices.errors import HousePricesError
from house_prices.registry import Champion, Registry
from inference_server.errors import ServingError
from inference_server.models import threads
from inference_server.models.loader import Loader
from inference_server.models.model_pool import ModelPool
from inference_server.observability import Log

FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 5.0, 300.0
LONGEST_LOOK_SECONDS = 60.0
"""After which the others go on without a market."""


@dataclass(kw_only=True)
class Attempt:
    """The last champion of a market that could not be loaded."""

    champion: Champion
    wait: float
    """Seconds between this try and the next."""
    again_at: float
    """By time.monotonic()."""


class Watcher:
    """Polls every market's champion.json, in a task of its own, so that no market's files hold up another's.

    A failure never affects the models that serve.
    """

    def __init__(
        self,
        registry: Registry,
        pool: ModelPool,
        loader: Loader,
        *,
        poll_seconds: float,
        retry_seconds: float = FIRST_RETRY_SECONDS,
        log: Log,
    ) -> None:
        self._registry = registry
        self._pool = pool
        self._loader = loader
        self._poll_seconds = poll_seconds
        self._retry_seconds = retry_seconds
        self._log = log
        self._seen: dict[str, Champion] = {}
        self._failed: dict[str, Attempt] = {}
        self._new: dict[str, Champion] = {}
        self._pinned: dict[str, tuple[int, ...]] = {}
        self._said: dict[str, str] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Poll until cancelled."""
        try:
            while True:
                for market in list(self._new):
                    self._begin(market, self._keep_previous)
                await asyncio.sleep(self._poll_seconds)
                await self._begin_to_look()
        finally:
            for task in self._tasks.values():
                task.cancel()

    async def look(self) -> None:
        """Check every market once; those that take longer are left to themselves."""
        await self._begin_to_look()
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=LONGEST_LOOK_SECONDS)

    async def _begin_to_look(self) -> None:
        found = await threads.run(self._markets)
        if found is None:
            self._say("", "the registry's folder is not there, or cannot be read")
            return
        self._said.pop("", None)
        self._pool.expect(found)
        for market in sorted({*found, *self._pool.champions()}):
            self._begin(market, self._look_at)

    def _begin(self, market: str, what: Callable[[str], Coroutine[Any, Any, None]]) -> None:
        """Do something with a market, unless the last thing is not done yet."""
        if market not in self._tasks or self._tasks[market].done():
            self._tasks[market] = asyncio.create_task(self._isolated(market, what))

    async def _isolated(self, market: str, what: Callable[[str], Coroutine[Any, Any, None]]) -> None:
        trouble = f"{market}/"
        try:
            await what(market)
        except Exception as error:  # noqa: BLE001  # whatever is in a market's files is that market's trouble
            self._say(trouble, f"the market cannot be followed: {error!r}")
        else:
            self._said.pop(trouble, None)

    async def _keep_previous(self, market: str) -> None:
        """Load the predecessor of a new champion, unless it is loaded, for rollbacks."""
        await self._loader.keep_previous(market, self._new.pop(market))

    def _markets(self) -> list[str] | None:
        try:
            return self._registry.markets() if self._registry.root.is_dir() else None
        except OSError:
            return None

    async def _look_at(self, market: str) -> None:
        await self._load_pinned(market)
        try:
            champion = await threads.run(self._registry.champion, market)
        except (OSError, HousePricesError) as error:
            self._say(market, f"champion.json cannot be read: {error}")
            return
        if champion is None:
            if market in self._pool.champions():
                self._say(market, "champion.json is gone")
            return
        self._said.pop(market, None)
        if champion != self._seen.get(market) and self._is_due(market, champion):
            await self._serve(market, champion)

    async def _load_pinned(self, market: str) -> None:
        """Load the versions that the registry pins besides the champion, before the champion itself."""
        trouble = f"{market}/pinned.json"
        try:
            wanted = await threads.run(self._registry.pinned, market)
        except (OSError, HousePricesError) as error:
            self._say(trouble, f"pinned.json cannot be read: {error}")
            return
        self._said.pop(trouble, None)
        before, self._pinned[market] = self._pinned.get(market, ()), wanted
        for number in wanted:
            if number not in before:
                await self._pin(market, number)
        for number in before:
            if number not in wanted:
                self._pool.unpin(market, str(number))

    async def _pin(self, market: str, number: int) -> None:
        try:
            await self._loader.pin(market, str(number))
        except ServingError as error:
            self._log.error("pinned version not loaded", market=market, version=number, reason=str(error))

    def _is_due(self, market: str, champion: Champion) -> bool:
        failed = self._failed.get(market)
        return not failed or failed.champion != champion or time.monotonic() >= failed.again_at

    async def _serve(self, market: str, champion: Champion) -> None:
        try:
            await self._loader.serve(market, champion)
        except Exception as error:  # noqa: BLE001  # a bad champion must not end the watch
            self._refuse(market, champion, error)
            return
        self._seen[market] = self._new[market] = champion
        self._failed.pop(market, None)

    def _refuse(self, market: str, champion: Champion, error: Exception) -> None:
        last = self._failed.get(market)
        wait = self._retry_seconds
        if last and last.champion == champion:
            wait = min(last.wait * 2, LONGEST_RETRY_SECONDS)
        again_at = time.monotonic() + wait
        self._failed[market] = Attempt(champion=champion, wait=wait, again_at=again_at)
        self._loader.refuse(market, champion.version, error, retry_seconds=wait)

    def _say(self, market: str, what: str) -> None:
        """Log a problem once, until it changes."""
        if self._said.get(market) != what:
            self._said[market] = what
            serving = {name: model.version for name, model in self._pool.champions().items()}
            self._log.warning("registry trouble", market=market, reason=what, serving=serving)
