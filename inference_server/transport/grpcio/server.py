"""The transport over grpcio: listens on its ports, and starts and stops."""

import asyncio
from typing import Any, TypeAlias

import grpc

from inference_server.settings import Settings
from inference_server.sockets import CannotListen, most_connections
from inference_server.transport.grpcio.handlers import Handlers
from inference_server.transport.served import Ports, Served
from inference_server.transport.tls import Certificates, Pem

Options: TypeAlias = list[tuple[str, int]]
CALLERS_PING_MS = 10_000
FEWEST_PENDING = 256
"""Small requests that may wait inside gRPC: about a tenth of a second of work."""


class Servers:
    """Serves every route on one address, and probes on another if the settings ask for it."""

    def __init__(
        self, settings: Settings, served: Served, probed: Served, certificates: Certificates | None
    ) -> None:
        self._settings = settings
        self._timeouts = (served.idle_timeout, served.body_timeout)
        self._certificates = certificates
        self._server = _server(settings, served)
        self._probes = _server(settings, probed)
        self._looking: list[asyncio.Task[None]] = []

    async def start(self) -> Ports:
        """Listen; raises CannotListen."""
        settings = self._settings
        port = listen(self._server, f"{settings.host}:{settings.port}", "--port", self._certificates)
        await self._server.start()
        self._looking = [asyncio.create_task(timeout.run()) for timeout in self._timeouts]
        if settings.health_port is None:
            return Ports(port=port, health_port=None)
        probes = listen(self._probes, f"{settings.host}:{settings.health_port}", "--health-port")
        await self._probes.start()
        return Ports(port=port, health_port=probes)

    async def stop(self, grace_seconds: float) -> None:
        """Accept no more calls, end those that wait for callers, and give accepted calls time to finish."""
        for timeout in self._timeouts:
            timeout.stop()
        await self._server.stop(grace_seconds)
        await self._probes.stop(None)
        for looking in self._looking:
            looking.cancel()


def _server(settings: Settings, served: Served) -> grpc.aio.Server:
    server = grpc.aio.server(options=options(settings))
    server.add_generic_rpc_handlers((Handlers(served),))
    return server


def listen(
    server: "grpc.aio.Server", address: str, setting: str, certificates: Certificates | None = None
) -> int:
    """Add an address to a server; raises CannotListen."""
    try:
        if certificates is None:
            return server.add_insecure_port(address)
        return server.add_secure_port(address, _credentials(certificates))
    except RuntimeError as error:
        raise CannotListen(address, setting) from error


def _credentials(certificates: Certificates) -> grpc.ServerCredentials:
    """Certificates are fetched at every handshake; existing connections keep theirs."""

    def newer() -> Any:
        pem = certificates.newer()
        return _configuration(pem) if pem else None

    pem = certificates.pem
    return grpc.dynamic_ssl_server_credentials(
        _configuration(pem), newer, require_client_authentication=pem.client_ca is not None
    )


def _configuration(pem: Pem) -> "grpc.ServerCertificateConfiguration":
    return grpc.ssl_server_certificate_configuration([(pem.key, pem.certificate)], pem.client_ca)


def options(settings: Settings) -> Options:
    """Options of gRPC itself, from the settings."""
    return [
        # Without a supervisor a second server would take half of this one's calls, unnoticed.
        ("grpc.so_reuseport", 0 if settings.worker is None else 1),
        # A message past gRPC's own limit is refused without naming the setting; leave that to `Dispatcher`.
        ("grpc.max_receive_message_length", min(settings.max_message_bytes * 2, 2**31 - 1)),
        # What waits inside of gRPC before it is accepted is not ours to count, and refusing it in Python
        # costs nearly as much as pricing it. gRPC refuses it for next to nothing, as CANCELLED.
        ("grpc.server.max_pending_requests", max(settings.max_in_flight, FEWEST_PENDING)),
        ("grpc.server.max_pending_requests_hard_limit", 2 * max(settings.max_in_flight, FEWEST_PENDING)),
        # No connection takes all places: further calls wait in the client.
        ("grpc.max_concurrent_streams", settings.streams_a_connection),
        ("grpc.max_allowed_incoming_connections", most_connections()),
        *_connections(settings),
    ]


def _connections(settings: Settings) -> Options:
    keepalive_ms = int(settings.keepalive_seconds * 1000)
    age_ms = int(settings.max_connection_age_seconds * 1000)
    return [
        ("grpc.keepalive_time_ms", keepalive_ms),
        ("grpc.keepalive_permit_without_calls", 1),
        # Callers that ask as often as this are not sent away with "too many pings".
        ("grpc.http2.min_ping_interval_without_data_ms", CALLERS_PING_MS),
        *([("grpc.max_connection_age_ms", age_ms)] if age_ms else []),
    ]
