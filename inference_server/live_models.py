"""Which models serve. What lies on the disk is the registry's business; this is what is in memory."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from house_prices import api
from house_prices.api import Api
from house_prices.registry import Champion, ModelVersion
from inference_server import onnx_model
from inference_server.codecs import HouseCodec
from inference_server.errors import ModelNotReady
from inference_server.onnx_model import ModelRefused, OnnxModel
from inference_server.ranges import TrainingRanges


@dataclass(frozen=True, kw_only=True)
class LiveModel:
    """A loaded version with all that is needed to answer by its contract."""

    market: str
    version: int
    sha256: str
    model: OnnxModel
    api: Api
    codec: HouseCodec
    ranges: TrainingRanges


def load(published: ModelVersion, champion: Champion) -> LiveModel:
    """Read, check and warm a version. Slow: call it off the serving path.

    Raises ModelRefused, and OSError where the file cannot be read.
    """
    manifest = published.manifest
    content = published.model.read_bytes()  # the bytes that are hashed are the bytes that serve
    found = hashlib.sha256(content).hexdigest()
    if not found == manifest.sha256 == champion.sha256:
        raise ModelRefused(
            f"sha256 of the model: came {found}, allowed: {manifest.sha256} by the manifest "
            f"and {champion.sha256} by champion.json"
        )
    if manifest.contract.name != published.market:
        raise ModelRefused(
            f"market of the contract: came {manifest.contract.name!r}, allowed: {published.market!r}"
        )
    contract = manifest.contract
    typed = api.load(contract)
    return LiveModel(
        market=published.market,
        version=published.number,
        sha256=found,
        model=onnx_model.load(content, contract, manifest.golden),
        api=typed,
        codec=HouseCodec(contract, typed),
        ranges=TrainingRanges(contract, manifest.ranges),
    )


class LiveModels:
    """The champion of each market. Replacing one is one assignment; who is using the old one keeps it."""

    def __init__(self) -> None:
        self._champions: dict[str, LiveModel] = {}
        self._by_service: dict[str, LiveModel] = {}
        self._expected: frozenset[str] = frozenset()
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call this after each change."""
        self._listeners.append(listener)

    def put(self, model: LiveModel) -> None:
        """Let a model serve from the next request on."""
        self._champions = {**self._champions, model.market: model}
        self._by_service = {live.api.service: live for live in self._champions.values()}
        for listener in self._listeners:
            listener()

    def expect(self, markets: Iterable[str]) -> None:
        """Note the markets that the registry has, with a champion or without."""
        self._expected = frozenset(markets)

    def is_expected(self, market: str) -> bool:
        """Whether the registry has the market, so that a model of it may come."""
        return market in self._expected

    def champions(self) -> dict[str, LiveModel]:
        """The serving models, by market."""
        return self._champions

    def services(self) -> dict[str, LiveModel]:
        """The serving models, by the full name of their typed service."""
        return self._by_service

    def of_service(self, service: str) -> LiveModel:
        """The model behind a typed service."""
        try:
            return self._by_service[service]
        except KeyError:
            raise ModelNotReady(f"{service} has no model yet. Promote a version of it, and repeat.") from None
