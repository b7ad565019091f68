"""Connections to a server: TLS, token, retries, and how many."""

import json
from dataclasses import dataclass, field

import grpc

_SERVICE_CONFIG = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.05s",
                "maxBackoff": "1s",
                "backoffMultiplier": 3,
                # Nothing was computed then. Retrying other codes would compute twice, or fail twice.
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}
OPTIONS: list[tuple[str, int | str]] = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    ("grpc.use_local_subchannel_pool", 1),  # or channels to one address would share one connection
]


@dataclass(frozen=True, kw_only=True)
class Tls:
    """Trusted and own certificates, each in PEM."""

    ca: bytes | None = None
    """The CA of the server's certificate; None for those that the system trusts."""
    certificate: bytes | None = None
    """The client's own, if the server requires one."""
    key: bytes | None = field(default=None, repr=False)
    server_name: str | None = None
    """The name in the server's certificate, if it is not the host of the address."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One server."""

    address: str
    tls: Tls | None
    token: str | None = field(repr=False)
    connections: int
    """Workers share connections, not requests: with one connection, one worker does everything."""

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Sent with every call."""
        return (("authorization", f"Bearer {self.token}"),) if self.token else ()

    @property
    def options(self) -> list[tuple[str, int | str]]:
        """Options of every channel."""
        name = self.tls.server_name if self.tls else None
        return [*OPTIONS, *([("grpc.ssl_target_name_override", name)] if name else [])]

    @property
    def credentials(self) -> grpc.ChannelCredentials | None:
        """None without TLS."""
        if not self.tls:
            return None
        return grpc.ssl_channel_credentials(self.tls.ca, self.tls.key, self.tls.certificate)
