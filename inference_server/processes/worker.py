"""One of several server processes on a port, over grpcio: serves, and reports to its supervisor."""

from inference_server import bootstrap
from inference_server.models.child import Process
from inference_server.observability.logging import Threshold
from inference_server.processes import worker_pipes
from inference_server.settings import Settings
from inference_server.transport.grpcio.server import Servers


async def serve(settings: Settings, threshold: Threshold, first_child: Process) -> None:
    """Serve until the supervisor orders the end, or ends itself."""
    orders = worker_pipes.Orders(grace_seconds=settings.grace_seconds)
    async with bootstrap.running(settings, threshold, Servers, first_child) as server:
        orders.on_reload = server.reload
        async with worker_pipes.reporting(server.store, orders):
            await orders.stop.wait()
    await worker_pipes.tell_last(server.store)
