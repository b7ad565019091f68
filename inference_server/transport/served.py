"""What a transport carries, and what it has to do."""

from dataclasses import dataclass
from typing import Protocol, TypeVar

from inference_server.observability import Observer
from inference_server.rpc.concurrency_limit import ConcurrencyLimit
from inference_server.rpc.dispatch import Dispatcher
from inference_server.services.router import Router
from inference_server.settings import Settings
from inference_server.transport.auth import Authorization
from inference_server.transport.caller_timeout import CallerTimeout
from inference_server.transport.tls import Certificates


@dataclass(frozen=True, kw_only=True)
class Served:
    """Routes, and what applies to every call of them."""

    router: Router
    observer: Observer
    dispatcher: Dispatcher
    limit: ConcurrencyLimit
    """Of requests in flight; those that need no role, probes, are not counted."""
    idle_timeout: CallerTimeout
    """Of streams."""
    body_timeout: CallerTimeout
    """Of a call's one message."""
    authorization: Authorization | None
    """None lets everybody call everything."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where a transport listens."""

    port: int
    health_port: int | None
    """None if health has no port of its own."""


class Transport(Protocol):
    """Receives calls and carries them to what is served."""

    async def start(self) -> Ports:
        """Listen; raises CannotListen."""

    async def stop(self, grace_seconds: float) -> None:
        """Accept no more calls, end those that wait for callers, and give accepted calls time to finish."""


Carried = TypeVar("Carried", covariant=True)


class Carrier(Protocol[Carried]):
    """Makes a transport: of everything on one port, and of health alone on another, without TLS."""

    def __call__(
        self, settings: Settings, served: Served, probed: Served, certificates: Certificates | None
    ) -> Carried:
        """The transport, which does not listen yet."""
