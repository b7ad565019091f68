"""Follows the registry: loads each new champion off the serving path and lets it serve."""

import asyncio
import time
from dataclasses import dataclass

from house_prices.errors import HousePricesError
from house_prices.registry import Champion, Registry
from inference_server import live_models
from inference_server.live_models import LiveModel, LiveModels
from inference_server.observation import Log
from inference_server.onnx_model import ModelRefused

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
        *,
        poll_seconds: float,
        retry_seconds: float = FIRST_RETRY_SECONDS,
        log: Log,
    ) -> None:
        self._registry = registry
        self._live = live
        self._poll_seconds = poll_seconds
        self._retry_seconds = retry_seconds
        self._log = log
        self._seen: dict[str, Champion] = {}
        self._failed: dict[str, Attempt] = {}
        self._said: dict[str, str] = {}

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
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

    def _markets(self) -> list[str] | None:
        try:
            return self._registry.markets() if self._registry.root.is_dir() else None
        except OSError:
            return None

    async def _look_at(self, market: str) -> None:
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

    def _is_due(self, market: str, champion: Champion) -> bool:
        failed = self._failed.get(market)
        return not failed or failed.champion != champion or time.monotonic() >= failed.again_at

    async def _serve(self, market: str, champion: Champion) -> None:
        started = time.monotonic()
        try:
            loaded = await asyncio.to_thread(self._load, market, champion)
        except Exception as error:  # noqa: BLE001  # a bad candidate must not end the watching
            self._refuse(market, champion, error)
            return
        if loaded:
            self._live.put(loaded)
            seconds = round(time.monotonic() - started, 3)
            self._log.info("model serves", market=market, version=loaded.version, load_seconds=seconds)
        self._seen[market] = champion
        self._failed.pop(market, None)

    def _load(self, market: str, champion: Champion) -> LiveModel | None:
        """The champion's model, or None where that model serves already."""
        serving = self._live.champions().get(market)
        if serving and (serving.version, serving.sha256) == (champion.version, champion.sha256):
            return None
        return live_models.load(self._registry.version(market, champion.version), champion)

    def _refuse(self, market: str, champion: Champion, error: Exception) -> None:
        last = self._failed.get(market)
        wait = self._retry_seconds
        if last and last.champion == champion:
            wait = min(last.wait * 2, LONGEST_RETRY_SECONDS)
        again_at = time.monotonic() + wait
        self._failed[market] = Attempt(champion=champion, wait=wait, again_at=again_at)
        expected = isinstance(error, OSError | HousePricesError | ModelRefused)
        serving = self._live.champions().get(market)
        self._log.error(
            "model refused",
            market=market,
            version=champion.version,
            reason=str(error),
            serving_version=serving.version if serving else None,
            retry_seconds=wait,
            exc_info=None if expected else error,
        )

    def _say(self, market: str, what: str) -> None:
        """Say once what is wrong, until something else is."""
        if self._said.get(market) != what:
            self._said[market] = what
            serving = {name: live.version for name, live in self._live.champions().items()}
            self._log.warning("registry trouble", market=market, reason=what, serving=serving)
