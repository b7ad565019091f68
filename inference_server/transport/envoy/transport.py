"""The transport over Envoy from inside: follows certificates, and drains."""

import asyncio
import contextlib
from pathlib import Path

from inference_server.settings import Settings
from inference_server.transport.envoy import lean_task, scheduling
from inference_server.transport.envoy.calls import Calls, Web
from inference_server.transport.envoy.configuration import Folder
from inference_server.transport.served import Ports, Served
from inference_server.transport.tls import Certificates

READY_POLL_SECONDS = 0.02
DRAIN_POLL_SECONDS = 0.01


class EnvoyTransport:
    """The two ASGI applications, and orders to the Envoy around them."""

    def __init__(
        self,
        settings: Settings,
        served: Served,
        probed: Served,
        certificates: Certificates | None,
        *,
        folder: Path,
        web: Web,
    ) -> None:
        self._settings = settings
        self._timeouts = (served.idle_timeout, served.body_timeout)
        self._folder = Folder(folder)
        self.all = Calls(served, web)
        self.probes = Calls(probed, web)
        self._looking: list[asyncio.Task[None]] = []
        if certificates:
            certificates.on_change(self._folder.write_certificates)

    async def start(self) -> Ports:
        """Where Envoy listens as soon as the application has started, which it waits for."""
        asyncio.get_running_loop().set_task_factory(lean_task.factory)
        follows = scheduling.follow(lambda: self.all.count, scheduling.workers)
        self._looking = [
            asyncio.create_task(each) for each in (*(timeout.run() for timeout in self._timeouts), follows)
        ]
        return Ports(port=self._settings.port, health_port=self._settings.health_port)

    async def ready(self) -> None:
        """Wait until Envoy listens."""
        while True:
            with contextlib.suppress(OSError):
                if await self._order("GET", "/ready"):
                    return
            await asyncio.sleep(READY_POLL_SECONDS)

    async def stop(self, grace_seconds: float) -> None:
        """Send connections away, end calls that wait for callers, and give accepted calls time to finish."""
        await self._order("POST", "/drain_listeners?graceful&skip_exit")
        for timeout in self._timeouts:
            timeout.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_seconds):
                while self.all.open:
                    await asyncio.sleep(DRAIN_POLL_SECONDS)
        for task in [*self.all.open, *self.probes.open]:
            task.cancel()
        await asyncio.sleep(DRAIN_POLL_SECONDS)  # for Envoy to write what was answered
        for looking in self._looking:
            looking.cancel()

    async def _order(self, method: str, path: str) -> bool:
        """Whether Envoy obeyed."""
        reader, writer = await asyncio.open_unix_connection(self._folder.admin)
        try:
            writer.write(f"{method} {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n".encode())
            return b" 200 " in await reader.readline()
        finally:
            writer.close()
