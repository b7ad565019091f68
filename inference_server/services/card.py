"""The model card of a market's champion, for the page that people ask prices on."""

from google.api.httpbody_pb2 import HttpBody

from house_prices.errors import RegistryError
from house_prices.registry import REPORT, Registry
from inference_server.errors import BadMessage, PathNotFound
from inference_server.models import threads
from inference_server.models.loaded_model import LoadedModel
from inference_server.models.model_pool import ModelPool
from inference_server.rpc.json_request import CARD, JsonRequest
from inference_server.rpc.method import Call, Method, Subject, writer


class Cards:
    """Only what the audit log knows is shown: a card forbids itself, by its own policy, to run anything."""

    def __init__(self, pool: ModelPool, registry: Registry) -> None:
        self._pool = pool
        self._registry = registry
        self._read: dict[str, tuple[int, int, bytes]] = {}
        """By market: version, time of the file's last change in ns, and content."""

    def route(self) -> Method[LoadedModel, bytes]:
        """The method."""
        return Method(path=CARD, read=self._asked, handle=self._card, write=_write)

    def _asked(self, _raw: bytes, call: Call) -> LoadedModel:
        asked = JsonRequest.of(call.metadata)
        model = self._pool.find(asked.market, call.model_version)
        call.subject = Subject(market=model.market, version=model.version)
        if asked.method != "GET":
            raise BadMessage(f"{asked.path} was asked by {asked.method}, allowed: GET.")
        return model

    async def _card(self, model: LoadedModel, _call: Call) -> bytes:
        try:
            return await threads.run(self._content, model)
        except (OSError, RegistryError) as error:
            raise PathNotFound(
                f"version {model.version} of {model.market} has no model card, or not the one that was "
                "written. `house-prices models verify` tells more."
            ) from error

    def _content(self, model: LoadedModel) -> bytes:
        """Read anew, and compared with the audit log, only if the file has changed."""
        path = self._registry.root / model.market / str(model.version) / REPORT
        key = (model.version, path.stat().st_mtime_ns)
        if (known := self._read.get(model.market)) and known[:2] == key:
            return known[2]
        content = self._registry.attached(model.market, model.version, REPORT)
        self._read[model.market] = (*key, content)
        return content


def _write(content: bytes) -> bytes:
    return writer(HttpBody(content_type="text/html; charset=utf-8", data=content))
