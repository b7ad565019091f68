"""The server inside of Envoy: the ASGI applications `app` and `probes`, and its life around them.

Envoy runs each application on an event loop of its own. The server lives on that of `app`; calls for `probes`
are handed over to it.
"""

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from inference_server import bootstrap
from inference_server.bootstrap import Running
from inference_server.models.child import Process
from inference_server.observability import logging
from inference_server.page.page import Page
from inference_server.processes import worker_pipes
from inference_server.processes.envoy_variables import FOLDER, SETTINGS
from inference_server.settings import BadSettings, Settings
from inference_server.transport.envoy.http_call import Receive, Scope, Send
from inference_server.transport.envoy.lean_task import LeanTask
from inference_server.transport.envoy.transport import EnvoyTransport


class Inside:
    """The server inside of this Envoy."""

    def __init__(self, first_child: Process) -> None:
        """`first_child` has been started to try a model: see inference_server.models.child."""
        self._settings = Settings.loaded(os.environ[SETTINGS])
        self._threshold = logging.to_stderr(self._settings.log_level, worker=self._settings.worker)
        self._page = Page()
        self._first_child = first_child
        self._transport: EnvoyTransport | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def app(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None] | LeanTask:
        """Everything."""
        if self._transport and scope["type"] != "lifespan":
            return self._transport.all(scope, receive, send)
        return self._live(receive, send)

    app._asgi_single_callable = True  # type: ignore[attr-defined]  # for pyvoy, as it is no coroutine function

    async def probes(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Health alone."""
        here, there = asyncio.get_running_loop(), self._loop
        if there and self._transport:
            calls = self._transport.probes

            async def answer() -> None:
                task = asyncio.current_task()
                if task:
                    await calls.answer(scope, _across(receive, here), _across(send, here), task)

            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(answer(), there))

    async def _live(self, receive: Receive, send: Send) -> None:
        """Start before Envoy listens; stop when the supervisor orders it, and then end Envoy."""
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(_on_loop_error)
        started: asyncio.Future[None] = self._loop.create_future()
        serving = asyncio.create_task(self._serve(started))
        await receive()
        await asyncio.wait({serving, started}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done() and isinstance(error := serving.exception(), BadSettings):
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        if serving.done():
            serving.result()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        serving.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, started: "asyncio.Future[None]") -> None:
        """Serve until told to stop, and then end Envoy, whatever went wrong: nothing else would."""
        try:
            await self._until_ordered_to_stop(started)
        except Exception as error:
            if not started.done():
                raise
            structlog.get_logger().error("the server failed, so its Envoy ends", exc_info=error)
        shutil.rmtree(os.environ[FOLDER], ignore_errors=True)  # it has a copy of the private key
        os.kill(os.getpid(), signal.SIGTERM)

    async def _until_ordered_to_stop(self, started: "asyncio.Future[None]") -> None:
        orders = worker_pipes.Orders(grace_seconds=self._settings.grace_seconds)
        carrier = partial(EnvoyTransport, folder=Path(os.environ[FOLDER]), web=self._page)
        async with bootstrap.running(self._settings, self._threshold, carrier, self._first_child) as server:
            self._transport = server.transport
            self._follow(server)
            orders.on_reload = server.reload
            started.set_result(None)
            await self._transport.ready()
            async with worker_pipes.reporting(server.store, orders):
                await orders.stop.wait()
        await worker_pipes.tell_last(server.store)

    def _follow(self, server: "Running[EnvoyTransport]") -> None:
        def offer() -> None:
            contracts = [model.contract for model in server.pool.champions().values()]
            self._page.offer(contracts, is_open=server.is_open)

        offer()
        server.pool.on_change(offer)


def _on_loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(error, asyncio.InvalidStateError):
        return  # Envoy resolves what a cancelled call has waited for
    structlog.get_logger().error("event loop", reason=str(context.get("message")), exc_info=error)


def _across(function: Callable[..., Awaitable[Any]], loop: asyncio.AbstractEventLoop) -> Callable[..., Any]:
    """A function of one event loop, for another one."""

    async def call(*arguments: Any) -> Any:
        async def on_its_loop() -> Any:
            return await function(*arguments)

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(on_its_loop(), loop))

    return call
