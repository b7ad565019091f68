"""Lists published and loaded versions, loads and unloads them."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message

from inference_server.codecs import oip_messages
from inference_server.codecs.oip_messages import messages
from inference_server.errors import BadMessage, listed, quoted
from inference_server.models.loader import Loader
from inference_server.models.model_pool import ModelPool
from inference_server.rpc.method import VERSION_KEY, Call, Route
from inference_server.rpc.role import Role

READY, UNAVAILABLE = "READY", "UNAVAILABLE"
NOT_LOADED = "not loaded"
IGNORED = ("unload_dependents",)
"""Parameters that have no effect: no model depends on another."""


class Repository:
    """RepositoryIndex, RepositoryModelLoad and RepositoryModelUnload."""

    def __init__(self, pool: ModelPool, loader: Loader) -> None:
        self._pool = pool
        self._loader = loader

    async def index(self, request: Any, _call: Call) -> Message:
        """Every published version, and every loaded one that is no longer published."""
        published = await self._loader.published()
        entries = [
            entry
            for market in sorted({*published, *self._pool.markets()})
            for entry in self._entries(market, published.get(market, []))
            if entry["state"] == READY or not request.ready
        ]
        response: Message = messages.RepositoryIndexResponse(models=entries)
        return response

    def _entries(self, market: str, published: list[int]) -> Iterator[dict[str, str]]:
        loaded = {model.version for model in self._pool.loaded(market).values()}
        refusals = self._pool.refusals(market)
        for version in sorted({*published, *loaded, *refusals}):
            state = READY if version in loaded else UNAVAILABLE
            reason = "" if version in loaded else refusals.get(version, NOT_LOADED)
            yield {"name": market, "version": str(version), "state": state, "reason": reason}

    async def load(self, request: Any, call: Call) -> Message:
        """Load the named version, or the current champion. A loaded version is not loaded again."""
        version = _version(request, call)
        if version:
            await self._loader.pin(request.model_name, version)
        else:
            await self._loader.serve_newest(request.model_name)
        response: Message = messages.RepositoryModelLoadResponse()
        return response

    async def unload(self, request: Any, call: Call) -> Message:
        """Unload the named version. Its requests in flight are still answered."""
        self._loader.unload(request.model_name, _version(request, call))
        response: Message = messages.RepositoryModelUnloadResponse()
        return response

    def routes(self) -> list[Route]:
        """All three."""
        return [
            oip_messages.method("RepositoryIndex", self.index),
            oip_messages.method("RepositoryModelLoad", self.load, Role.ADMIN),
            oip_messages.method("RepositoryModelUnload", self.unload, Role.ADMIN),
        ]


def _version(request: Any, call: Call) -> str:
    """The version given by parameter or metadata; empty if there is none."""
    others = sorted(set(request.parameters) - {"version", *IGNORED})
    if others:
        raise BadMessage(
            f"parameters: came {listed(map(quoted, others))}, allowed: 'version'. Models and their "
            f"configuration come from the registry alone; metadata {VERSION_KEY} may name a version, too."
        )
    if "version" not in request.parameters:
        return call.model_version
    parameter = request.parameters["version"]
    kind = parameter.WhichOneof("parameter_choice")
    if kind not in ("int64_param", "string_param"):
        raise BadMessage(f"parameter version: came {kind}, allowed: int64_param, string_param.")
    return str(getattr(parameter, kind))
