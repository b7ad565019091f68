"""Follows the registry: loads each new champion off the serving path and lets it serve."""

import asyncio
import time
from dataclasses import dataclass

from house_prices.errors import HousePricesError
from house_prices.registry import Champion, Registry
from inference_server.errors import ServingError
from inference_server.models.loader import Loader
from inference_server.models.model_pool import LiveModels
from inference_server.observability import Log

FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 5.0, 300.0


@dataclass(kw_only=True)
class Attempt:
    """The last champion of a market that could not be loaded."""

    champion: Champion
    wait: float
    """Seconds between this try and the next."""
    again_at: float
    """By time.monotonic()."""


class Watcher:
    """Looks at every market's champion.json. Whatever goes wrong, what serves goes on serving."""

    def __init__(
        self,
        registry: Registry,
        live: LiveModels,
        loader: Loader,
        *,
        poll_seconds: float,
        retry_seconds: float = FIRST_RETRY_SECONDS,
        log: Log,
    ) -> None:
        self._registry = registry
        self._live = live
        self._loader = loader
        self._poll_seconds = poll_seconds
        self._retry_seconds = retry_seconds
        self._log = log
        self._seen: dict[str, Champion] = {}
        self._failed: dict[str, Attempt] = {}
        self._new: dict[str, Champion] = {}
        self._kept: dict[str, tuple[int, ...]] = {}
        self._said: dict[str, str] = {}

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await self.keep()
            await asyncio.sleep(self._poll_seconds)
            await self.look()

    async def look(self) -> None:
        """Look at every market once."""
        found = await asyncio.to_thread(self._markets)
        if found is None:
            self._say("", "the registry's folder is not there, or cannot be read")
            return
        self._said.pop("", None)
        self._live.expect(found)
        for market in sorted({*found, *self._live.champions()}):
            await self._look_at(market)

    async def keep(self) -> None:
        """Load the predecessors of new champions, where they are not loaded still, for rollbacks."""
        while self._new:
            await self._loader.keep_previous(*self._new.popitem())

    def _markets(self) -> list[str] | None:
        try:
            return self._registry.markets() if self._registry.root.is_dir() else None
        except OSError:
            return None

    async def _look_at(self, market: str) -> None:
        await self._hold_kept(market)
        try:
            champion = await asyncio.to_thread(self._registry.champion, market)
        except (OSError, HousePricesError) as error:
            self._say(market, f"champion.json cannot be read: {error}")
            return
        if champion is None:
            if market in self._live.champions():
                self._say(market, "champion.json is gone")
            return
        self._said.pop(market, None)
        if champion != self._seen.get(market) and self._is_due(market, champion):
            await self._serve(market, champion)

    async def _hold_kept(self, market: str) -> None:
        """Load what the registry wants beside the champion: before it, so that who serves has all of it."""
        trouble = f"{market}/pinned.json"
        try:
            wanted = await asyncio.to_thread(self._registry.pinned, market)
        except (OSError, HousePricesError) as error:
            self._say(trouble, f"pinned.json cannot be read: {error}")
            return
        self._said.pop(trouble, None)
        before, self._kept[market] = self._kept.get(market, ()), wanted
        for number in wanted:
            if number not in before:
                await self._pin(market, number)
        for number in before:
            if number not in wanted:
                self._live.unpin(market, str(number))

    async def _pin(self, market: str, number: int) -> None:
        try:
            await self._loader.pin(market, str(number))
        except ServingError as error:
            self._log.error("kept version not loaded", market=market, version=number, reason=str(error))

    def _is_due(self, market: str, champion: Champion) -> bool:
        failed = self._failed.get(market)
        return not failed or failed.champion != champion or time.monotonic() >= failed.again_at

    async def _serve(self, market: str, champion: Champion) -> None:
        try:
            await self._loader.serve(market, champion)
        except Exception as error:  # noqa: BLE001  # a bad candidate must not end the watching
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
        """Say once what is wrong, until something else is."""
        if self._said.get(market) != what:
            self._said[market] = what
            serving = {name: live.version for name, live in self._live.champions().items()}
            self._log.warning("registry trouble", market=market, reason=what, serving=serving)
