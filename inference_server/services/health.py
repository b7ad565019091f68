"""grpc.health.v1: whether the server as a whole, and each typed service, is ready."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from inference_server.errors import ServiceNotFound, listed, quoted
from inference_server.models.model_pool import ModelPool
from inference_server.rpc.method import Call, Method, Route, Subscription, reader, writer
from inference_server.rpc.role import Role

SERVICE = "grpc.health.v1.Health"


class Health:
    """Not serving before `open` and after `close`; in between, serving once there is a champion.

    Services in `fixed` serve if any market does.
    """

    def __init__(self, pool: ModelPool, fixed: Sequence[str] = ()) -> None:
        self._pool = pool
        self._fixed = frozenset(fixed)
        self._is_open = False
        self._is_closed = False
        self._change = asyncio.Event()
        pool.on_change(self._changed)

    def open(self) -> None:
        """The champions of the start are loaded, or failed to: report what serves from now on."""
        self._is_open = True
        self._changed()

    def close(self) -> None:
        """The server is about to stop: report that nothing serves, and end watches."""
        self._is_closed = True
        self._changed()

    def status(self, service: str) -> int | None:
        """A HealthCheckResponse.ServingStatus; None for an unknown service."""
        services = self._pool.services()
        if service and service not in services and service not in self._fixed:
            return None
        serves = self._is_open and not self._is_closed and bool(services)
        return int(HealthCheckResponse.SERVING if serves else HealthCheckResponse.NOT_SERVING)

    async def check(self, request: HealthCheckRequest, _call: Call) -> HealthCheckResponse:
        """The status now."""
        status = self.status(request.service)
        if status is None:
            known = listed(sorted((*self._fixed, *self._pool.services())))
            raise ServiceNotFound(
                f"came {quoted(request.service)}, allowed: an empty name, or one of: {known}"
            )
        return HealthCheckResponse(status=status)

    async def watch(self, request: HealthCheckRequest, _call: Call) -> AsyncIterator[HealthCheckResponse]:
        """The status now, and at each change."""
        told = None
        while True:
            change = self._change
            status = self.status(request.service)
            status = HealthCheckResponse.SERVICE_UNKNOWN if status is None else status
            if status != told:
                told = status
                yield HealthCheckResponse(status=status)
            if self._is_closed:
                return
            await change.wait()

    def _changed(self) -> None:
        """Wake all watches. Each change has an event of its own, so that no watch misses one."""
        last, self._change = self._change, asyncio.Event()
        last.set()

    def routes(self) -> list[Route]:
        """Check and Watch."""
        read = reader(HealthCheckRequest)
        return [
            Method(path=f"/{SERVICE}/Check", read=read, handle=self.check, write=writer, role=Role.NONE),
            Subscription(
                path=f"/{SERVICE}/Watch", read=read, handle=self.watch, write=writer, role=Role.NONE
            ),
        ]
