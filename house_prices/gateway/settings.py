"""The gateway's settings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from house_prices.errors import GatewayError

_SHARE = re.compile(r"(?P<market>[a-z][a-z0-9_]*)/(?P<version>[1-9][0-9]*)=(?P<percent>[0-9]+)")


@dataclass(frozen=True, kw_only=True)
class Address:
    """A host, by name or IP address, and a port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Parse `host:port`. An IPv6 address is in brackets."""
        host, _, port = text.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65535:
            raise GatewayError(f"Came {text!r}; an address is host:port, such as localhost:8001.")
        return cls(host=host.removeprefix("[").removesuffix("]"), port=int(port))


@dataclass(frozen=True, kw_only=True)
class Share:
    """The share of a market's requests that a version gets."""

    market: str
    version: int
    percent: int

    @classmethod
    def parse(cls, text: str) -> "Share":
        """Parse `market/version=percent`."""
        found = _SHARE.fullmatch(text)
        if not found or int(found["percent"]) > 100:
            raise GatewayError(f"Came {text!r}; a share is market/version=percent, such as halfmil/7=10.")
        return cls(market=found["market"], version=int(found["version"]), percent=int(found["percent"]))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the gateway listens, and what is behind it."""

    listen: Address
    servers: Sequence[Address]
    """Inference servers. If a name resolves to several addresses, each is a server."""
    ui: Address | None = None
    """Dagster's webserver, started with `--path-prefix /dagster`; None means no UI."""
    sign_in: Address | None = None
    """The service that says who may see the UI: `house-prices gateway sign-in`."""
    tls_cert: Path | None = None
    """PEM file with the certificate chain; None means no TLS."""
    tls_key: Path | None = None
    splits: Sequence[Share] = ()
    """Versions that answer a share of the requests."""
    mirrors: Sequence[Share] = ()
    """Versions that get a copy of a share of the requests; their responses are discarded."""
    origins: Sequence[str] = ()
    """Origins of web pages whose scripts may call, such as https://prices.example."""
    reflection: bool = False
    """Whether callers may ask which services there are."""
    max_request_bytes: int = 16 * 2**20
    admin: Address | None = None
    """Address of Envoy's own pages and metrics, without authentication; None means off."""

    def __post_init__(self) -> None:
        """Raise GatewayError for settings that contradict each other."""
        if (self.tls_cert is None) != (self.tls_key is None):
            raise GatewayError("--tls-cert and --tls-key go together: one of them is missing.")
        if self.ui and not self.sign_in:
            raise GatewayError(
                "Dagster's UI has no authentication of its own: run `house-prices gateway sign-in`, and give "
                "its address as --sign-in."
            )
        for name, shares in (("--split", self.splits), ("--mirror", self.mirrors)):
            markets = [share.market for share in shares]
            if len({*markets}) < len(markets):
                raise GatewayError(f"{name} may be given once for a market.")
