"""The model cards of a market's versions, for the page that people ask prices on and for Dagster's UI."""

from dataclasses import dataclass
from urllib.parse import parse_qs

from google.api.httpbody_pb2 import HttpBody

from house_prices.errors import RegistryError
from house_prices.registry import REPORT, Registry
from house_prices.registry.store import NUMBER
from inference_server.errors import BadMessage, PathNotFound, quoted
from inference_server.models import threads
from inference_server.models.model_pool import ModelPool
from inference_server.rpc.json_request import CARD, JsonRequest
from inference_server.rpc.method import Call, Method, Subject, writer


@dataclass(frozen=True, kw_only=True)
class _Asked:
    market: str
    version: int


class Cards:
    """Only what the audit log knows is shown: a card forbids itself, by its own policy, to run anything."""

    def __init__(self, pool: ModelPool, registry: Registry) -> None:
        self._pool = pool
        self._registry = registry
        self._read: dict[str, tuple[int, int, bytes]] = {}
        """By market: version, time of the file's last change in ns, and content."""

    def route(self) -> Method[_Asked, bytes]:
        """The method."""
        return Method(path=CARD, read=self._asked, handle=self._card, write=_write)

    def _asked(self, _raw: bytes, call: Call) -> _Asked:
        asked = JsonRequest.of(call.metadata)
        if asked.method != "GET":
            raise BadMessage(f"{asked.path} was asked by {asked.method}, allowed: GET.")
        text = parse_qs(asked.query).get("version", [call.model_version])[-1]
        if text and not NUMBER.fullmatch(text):
            raise BadMessage(f"version is {quoted(text)}, allowed: a number, such as {asked.path}?version=3")
        champion = self._pool.get(asked.market)
        if not text or not self._pool.is_expected(asked.market):
            champion = self._pool.find(asked.market)
        call.subject = Subject(market=asked.market, version=champion.version if champion else 0)
        return _Asked(market=asked.market, version=int(text or call.subject.version))

    async def _card(self, asked: _Asked, _call: Call) -> bytes:
        try:
            return await threads.run(self._content, asked)
        except (OSError, RegistryError) as error:
            raise PathNotFound(
                f"version {asked.version} of {asked.market} has no model card, or not the one that was "
                "written. `house-prices models verify` tells more."
            ) from error

    def _content(self, asked: _Asked) -> bytes:
        """Read anew, and compared with the audit log, only if the file has changed."""
        path = self._registry.root / asked.market / str(asked.version) / REPORT
        key = (asked.version, path.stat().st_mtime_ns)
        if (known := self._read.get(asked.market)) and known[:2] == key:
            return known[2]
        content = self._registry.attached(asked.market, asked.version, REPORT)
        self._read[asked.market] = (*key, content)
        return content


def _write(content: bytes) -> bytes:
    return writer(HttpBody(content_type="text/html; charset=utf-8", data=content))
