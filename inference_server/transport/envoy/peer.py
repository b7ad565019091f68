"""The names in a caller's certificate, which Envoy puts into headers that callers cannot set.

HEADERS has them: Envoy removes what came under those names, and writes what the handshake has checked.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from inference_server.rpc.method import Metadata

SUBJECT, DNS, URI, OTHERS = "x-peer-subject", "x-peer-dns", "x-peer-uri", ("x-peer-ip", "x-peer-email")
_FORMATS = {
    SUBJECT: "%DOWNSTREAM_PEER_SUBJECT%",
    DNS: "%DOWNSTREAM_PEER_DNS_SAN%",
    URI: "%DOWNSTREAM_PEER_URI_SAN%",
    "x-peer-ip": "%DOWNSTREAM_PEER_IP_SAN%",
    "x-peer-email": "%DOWNSTREAM_PEER_EMAIL_SAN%",
}
_PART = re.compile(r"(?:\\.|[^,+\\])+")
"""Name and value in a distinguished name as RFC 2253 writes it; what is escaped separates nothing."""
_ESCAPED = re.compile(r"(?:\\[0-9A-Fa-f]{2})+|\\.")
_NEXT_URI = re.compile(r",(?=[A-Za-z][A-Za-z0-9+.-]*:)")
"""A comma may be part of a URI; one before a scheme is taken for the end."""


def filter_config() -> dict[str, Any]:
    """Envoy's filter that writes the headers."""
    mutations: list[dict[str, Any]] = []
    for header, value in _FORMATS.items():
        mutations.append({"remove": header})
        written = {"header": {"key": header, "value": value}, "append_action": "ADD_IF_ABSENT"}
        mutations.append({"append": written})
    return {
        "name": "envoy.filters.http.header_mutation",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
            "mutations": {"request_mutations": mutations},
        },
    }


def names(metadata: Metadata) -> Sequence[str]:
    """Common name and alternative names; empty without a certificate."""
    return list(_names(metadata))


def _names(metadata: Metadata) -> Iterator[str]:
    for part in _PART.findall(str(metadata.get(SUBJECT, ""))):
        attribute, _, value = part.strip().partition("=")
        if attribute == "CN":
            yield _unescaped(value)
    yield from _listed(_NEXT_URI.split(str(metadata.get(URI, ""))))
    for header in (DNS, *OTHERS):
        yield from _listed(str(metadata.get(header, "")).split(","))


def _listed(found: Sequence[str]) -> Iterator[str]:
    """Without what Envoy writes if there are none."""
    yield from (name for name in found if name not in ("", "-"))


def _unescaped(text: str) -> str:
    def one(found: "re.Match[str]") -> str:
        escaped = found[0]
        if len(escaped) == 2:
            return escaped[1]
        return bytes.fromhex(escaped.replace("\\", "")).decode(errors="replace")

    return _ESCAPED.sub(one, text)
