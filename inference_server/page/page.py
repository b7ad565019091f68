"""What a browser gets over the transport's own port: the page at /, and the descriptions of the API."""

import json
from collections.abc import Mapping, Sequence

from house_prices.contract import proto
from house_prices.contract.schema import Contract
from inference_server.transport.envoy.http_call import Scope, Send

_HTML, _JSON, _TEXT = "text/html; charset=utf-8", "application/json", "text/plain; charset=utf-8"
_NOTHING = (_TEXT, b"There is nothing at this path. The page at / tells what there is.\n")
_LINKS = {"Health": "/v1/health"}


class Page:
    """Answers what is no gRPC call."""

    def __init__(self) -> None:
        self._offered: Sequence[Contract] = []
        self._contents: Mapping[str, tuple[str, bytes]] | None = None

    def offer(self, contracts: Sequence[Contract], *, is_open: bool) -> None:
        """Describe these markets from now on, unless callers need credentials to know them."""
        self._offered, self._contents = contracts if is_open else [], None

    async def __call__(self, scope: Scope, send: Send) -> None:
        """What is at the path; HTTP 404 if nothing is."""
        found = self._found(scope["path"]) if scope["method"] in ("GET", "HEAD") else None
        kind, body = found or _NOTHING
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": 200 if found else 404, "headers": headers})
        await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})

    def _found(self, path: str) -> tuple[str, bytes] | None:
        """Made once somebody asks: what makes it takes a tenth of a second to import."""
        if self._contents is None:
            self._contents = _contents(self._offered)
        return self._contents.get(path)


def _contents(contracts: Sequence[Contract]) -> dict[str, tuple[str, bytes]]:
    from inference_server.page import html, openapi

    contents = {"/": (_HTML, html.page(contracts, _LINKS).encode())}
    for contract in contracts:
        described = json.dumps(openapi.description(contract), ensure_ascii=False)
        contents[f"/api/{contract.name}.proto"] = (_TEXT, proto.printed(contract).encode())
        contents[f"/api/{contract.name}.json"] = (_JSON, described.encode())
    return contents
