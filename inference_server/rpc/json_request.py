"""What an HTTP request for JSON asks for, as a front door tells it to the server.

Envoy's transcoder cannot do what people expect: it drops unknown fields without a word, refuses 0 for a
flag, and says so in plain text. So it only carries: a body becomes a google.api.HttpBody, and path and
method of the HTTP request stand beside it in the metadata.
"""

import re
from dataclasses import dataclass

from inference_server.rpc.method import Metadata

SERVICE = "house_prices.JsonService"
PREDICT, EXPLAIN, CARD, MISSING = (f"/{SERVICE}/{name}" for name in ("Predict", "Explain", "Card", "Missing"))
PATH_KEY, METHOD_KEY = "x-envoy-original-path", "x-envoy-original-method"
"""Metadata that the transcoder beside the server sets."""
BEHIND_PATH_KEY, BEHIND_METHOD_KEY = "x-original-path", "x-original-method"
"""The same from a gateway: an Envoy removes another's `x-envoy-` headers."""
_PATH = re.compile(r"/v(\d{1,6})/(\w+):(?:predict|explain|card)")


@dataclass(frozen=True, kw_only=True)
class JsonRequest:
    """An HTTP request without its body."""

    method: str
    path: str
    query: str
    api_version: int
    """0 if the path is of no market."""
    market: str
    """Empty if the path is of no market. Whether there is such a market is not known here."""

    @classmethod
    def of(cls, metadata: Metadata) -> "JsonRequest":
        """As the front door tells it."""
        path, _, query = _told(metadata, PATH_KEY, BEHIND_PATH_KEY, "").partition("?")
        version, market = found.groups() if (found := _PATH.fullmatch(path)) else ("0", "")
        return cls(
            method=_told(metadata, METHOD_KEY, BEHIND_METHOD_KEY, "POST"),
            path=path,
            query=query,
            api_version=int(version),
            market=market,
        )


def _told(metadata: Metadata, key: str, behind: str, otherwise: str) -> str:
    return str(metadata.get(key) or metadata.get(behind) or otherwise)
