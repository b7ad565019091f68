"""grpc.health.v1 on a port of its own, without TLS: Kubernetes' gRPC probes cannot do TLS."""

import grpc

from inference_server.handlers import Handlers
from inference_server.server import listen, options
from inference_server.settings import Settings


class ProbeServer:
    """Offers nothing but health, where the settings ask for it."""

    def __init__(self, settings: Settings, handlers: Handlers) -> None:
        self._settings = settings
        self._server = grpc.aio.server(options=options(settings))
        self._server.add_generic_rpc_handlers((handlers,))

    async def start(self) -> int | None:
        """Listen; gives the port, None where the settings want no such thing."""
        if self._settings.health_port is None:
            return None
        address = f"{self._settings.host}:{self._settings.health_port}"
        port = listen(self._server, address, "--health-port")
        await self._server.start()
        return port

    async def stop(self) -> None:
        """Stop at once: probes do not last."""
        await self._server.stop(None)
