"""The models in memory. The registry is what is on disk."""

from collections.abc import Callable, Iterable, Mapping

from inference_server.errors import ModelNotFound, ModelNotReady, UnloadRefused, listed, quoted
from inference_server.models.loaded_model import LoadedModel


class ModelPool:
    """The champion of each market, and the versions loaded beside it.

    Replacing a champion is one assignment; requests in flight keep the old one. The pool also keeps
    the champion's predecessor, so that a rollback needs no loading, and pinned versions until they are
    unloaded.
    """

    def __init__(self) -> None:
        self._champions: dict[str, LoadedModel] = {}
        self._by_service: dict[str, LoadedModel] = {}
        self._loaded: dict[str, dict[str, LoadedModel]] = {}
        self._pinned: set[tuple[str, str]] = set()
        self._refusals: dict[tuple[str, int], str] = {}
        self._expected: frozenset[str] = frozenset()
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call this after each change of a champion."""
        self._listeners.append(listener)

    def put(self, model: LoadedModel, *, previous: int | None = None) -> None:
        """Let a champion serve from the next request on; keep its predecessor if it is loaded."""
        market, kept = model.market, {str(model.version), str(previous)}
        self.hold(model)
        self._loaded[market] = {
            version: one
            for version, one in self._loaded[market].items()
            if version in kept or (market, version) in self._pinned
        }
        self._champions = {**self._champions, market: model}
        self._by_service = {one.api.service: one for one in self._champions.values()}
        for listener in self._listeners:
            listener()

    def hold(self, model: LoadedModel, *, pinned: bool = False) -> None:
        """Keep a version until the next promotion or, if pinned, until it is unloaded."""
        version = str(model.version)
        self._loaded[model.market] = {**self._loaded.get(model.market, {}), version: model}
        self._refusals.pop((model.market, model.version), None)
        if pinned:
            self._pinned.add((model.market, version))

    def unpin(self, market: str, version: str) -> None:
        """Keep a version no longer than until the next promotion."""
        self._pinned.discard((market, version))

    def unload(self, market: str, version: str) -> None:
        """Drop a version. Its requests in flight still finish."""
        model = self.find(market, version)
        if model is self._champions.get(market):
            raise UnloadRefused(
                f"version {model.version} is the champion of {market}, which the registry chooses. "
                f"Promote another one, or name another: {listed(self._loaded[market])} are loaded."
            )
        self._pinned.discard((market, version))
        self._loaded[market] = {key: one for key, one in self._loaded[market].items() if one is not model}

    def refuse(self, market: str, version: int, reason: str) -> None:
        """Record why a version could not be loaded."""
        self._refusals[market, version] = reason

    def refusals(self, market: str) -> dict[int, str]:
        """Why versions could not be loaded, by number."""
        return {version: why for (name, version), why in self._refusals.items() if name == market}

    def expect(self, markets: Iterable[str]) -> None:
        """Record the registry's markets, with or without a champion."""
        self._expected = frozenset(markets)

    def is_expected(self, market: str) -> bool:
        """Whether the registry has the market, so that it may get a model."""
        return market in self._expected

    def markets(self) -> list[str]:
        """Names of the markets that the registry has or that are loaded."""
        return sorted(self._expected.union(self._loaded))

    def champions(self) -> dict[str, LoadedModel]:
        """The serving models, by market."""
        return self._champions

    def services(self) -> dict[str, LoadedModel]:
        """The serving models, by the full name of their typed service."""
        return self._by_service

    def loaded(self, market: str) -> Mapping[str, LoadedModel]:
        """Every loaded version of a market, by number, oldest first."""
        return dict(sorted(self._loaded.get(market, {}).items(), key=lambda one: one[1].version))

    def knows(self, market: str) -> bool:
        """Whether the registry has the market, or a version of it is loaded."""
        return market in self._loaded or market in self._expected

    def get(self, market: str, version: str = "") -> LoadedModel | None:
        """A loaded version, or the champion if no version is given; None if there is none."""
        return self._loaded.get(market, {}).get(version) if version else self._champions.get(market)

    def find(self, market: str, version: str = "") -> LoadedModel:
        """As `get`, but raises ModelNotFound or ModelNotReady if there is none."""
        model = self.get(market, version)
        if model:
            return model
        if not self.knows(market):
            raise ModelNotFound(f"no model {quoted(market)}, there are: {listed(self.markets())}.")
        if not version:
            raise ModelNotReady(f"{market} has no model yet. Promote a version of it, and repeat.")
        champion = self._champions.get(market)
        raise ModelNotFound(
            f"no version {quoted(version)} of {market} is loaded, loaded are: {listed(self.loaded(market))}. "
            f"Without a version the champion answers, {champion and champion.version}; RepositoryModelLoad "
            "loads another."
        )

    def of_service(self, service: str, version: str = "") -> LoadedModel:
        """The model behind a typed service; the champion if no version is given."""
        champion = self._by_service.get(service)
        if not champion:
            raise ModelNotReady(f"{service} has no model yet. Promote a version of it, and repeat.")
        if not version:
            return champion
        model = self.find(champion.market, version)
        if model.api.service != service:
            raise ModelNotFound(f"version {version} answers as {model.api.service}, not as {service}.")
        return model
