"""What a browser sees at /: which markets are served, and how to ask for a price."""

from collections.abc import Sequence
from html import escape

from house_prices.contract.schema import Contract
from inference_server.transport.envoy import descriptors
from inference_server.transport.envoy.http_call import Scope, Send

_STYLE = """
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; }
  pre { overflow-x: auto; padding: .75rem; border: 1px solid #8886; border-radius: .25rem; }
  :root { color-scheme: light dark; }
"""


class Page:
    """Answers what is no gRPC call."""

    def __init__(self) -> None:
        self._content = b""

    def offer(self, contracts: Sequence[Contract], *, is_open: bool) -> None:
        """Describe these markets from now on, unless callers need credentials to know them."""
        self._content = _written(contracts if is_open else []).encode()

    async def __call__(self, scope: Scope, send: Send) -> None:
        """The page at /; elsewhere HTTP 404."""
        is_page = scope["path"] == "/" and scope["method"] in ("GET", "HEAD")
        kind = b"text/html; charset=utf-8" if is_page else b"text/plain; charset=utf-8"
        body = (
            self._content
            if is_page
            else b"There is nothing at this path. The page at / tells what there is.\n"
        )
        headers = [
            (b"content-type", kind),
            (b"content-length", b"%d" % len(body)),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": 200 if is_page else 404, "headers": headers})
        await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})


def _written(contracts: Sequence[Contract]) -> str:
    markets = "".join(map(_market, contracts))
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>House prices</title>
<style>{_STYLE}</style>
<h1>House prices</h1>
<ul>
  <li><a href="/v1/health">Health</a></li>
</ul>
{markets}"""


def _market(contract: Contract) -> str:
    path = descriptors.predict_path(contract)
    return f"""<h2>{escape(contract.title)}</h2>
<p>gRPC and gRPC-Web: <code>{escape(descriptors.service(contract))}</code>. JSON over HTTP:</p>
<pre>curl -d '{{"houses": [{{ ... }}]}}' http://.../{escape(path[1:])}</pre>
"""
