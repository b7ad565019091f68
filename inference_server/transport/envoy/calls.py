"""Answers the calls that Envoy hands over, each in a lean task of its own."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from inference_server.observability.events import OTHER
from inference_server.rpc.method import Method, Route, Subscription
from inference_server.rpc.role import Role
from inference_server.services import router as routing
from inference_server.transport.call_scope import OK, CallScope
from inference_server.transport.caller_timeout import Waiter
from inference_server.transport.envoy import peer, suspended, wire
from inference_server.transport.envoy.http_call import HttpCall, Receive, Scope, Send
from inference_server.transport.envoy.lean_task import LeanTask
from inference_server.transport.served import Served

_NO_PLACE = contextlib.nullcontext()
WATCH_LOOK_SECONDS = 1.0
"""How soon it is noticed that the caller of a subscription has left: Envoy does not tell, and is asked."""
Web: TypeAlias = Callable[[Scope, Send], Awaitable[None]]


class Calls:
    """An ASGI application of the routes, and of what else `web` answers."""

    def __init__(self, served: Served, web: Web) -> None:
        self._served = served
        self._web = web
        self._router = served.router
        self._dispatcher = served.dispatcher
        self._limit = served.limit
        self.open: set[Waiter] = set()
        """The calls that have not ended."""
        self.count = 0
        """All calls so far."""

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> LeanTask:
        """Answer one call."""
        self.count += 1
        task = LeanTask()
        task.start(self.answer(scope, receive, send, task))
        return task

    async def answer(self, scope: Scope, receive: Receive, send: Send, task: Waiter) -> None:
        """Answer one call in this task. Never raises: Envoy would tell the caller that all went well."""
        metadata = wire.metadata(scope["headers"])
        if not str(metadata.get("content-type", "")).startswith("application/grpc"):
            if self._router.find(scope["path"]):
                await _no_grpc(send)
            else:
                await self._web(scope, send)
            return
        path = scope["path"]
        route: Route = self._router.find(path) or routing.missing(path)
        is_served = isinstance(route, Subscription) or route.is_served
        call = CallScope(
            route,
            metadata,
            self._served.observer,
            name="" if is_served else OTHER,
            accepted=time.perf_counter(),
        )
        http = HttpCall(metadata, receive, send, self._served, task)
        self.open.add(task)
        try:
            http.wait(wire.seconds_left(metadata))
            call.authorize(self._served.authorization, lambda: peer.names(metadata))
            await self._respond(route, call, http)
        except BaseException as error:  # noqa: BLE001  # every end has a status
            status = call.end(error, is_expired=http.is_expired)
            if not http.has_left:
                await http.end(status)
        else:
            call.end()
        finally:
            self.open.discard(task)

    async def _respond(self, route: Route, call: CallScope, http: HttpCall) -> None:
        if isinstance(route, Method) and not route.is_served:
            # Callers that find out what there is keep their stream open until they are told.
            raw, asked = await http.first(), call.call(http.deadline)
            await http.answer(await self._dispatcher.dispatch(route, raw, asked, call.log))
            return
        if isinstance(route, Method) and not route.streams:
            await self._unary(route, call, http)
            return
        await asyncio.sleep(0)  # the rest is in a whole task, which asyncio.timeout needs
        try:
            async with asyncio.timeout(http.seconds_left):
                if isinstance(route, Subscription):
                    await self._subscription(route, call, http)
                else:
                    await self._stream(route, call, http)
        except TimeoutError:
            raise asyncio.CancelledError from None

    async def _unary(self, method: Method[Any, Any], call: CallScope, http: HttpCall) -> None:
        raw = await http.only()
        with _NO_PLACE if method.role is Role.NONE else self._limit:
            asked = self._dispatcher.dispatch(method, raw, call.call(http.deadline), call.log)
            await http.answer(await suspended.run(asked, http.look, http.deadline))

    async def _stream(self, method: Method[Any, Any], call: CallScope, http: HttpCall) -> None:
        """One request at a time: the next is read once the caller has room for the last response."""
        while (raw := await http.next()) is not None:
            with self._limit:
                asked = call.call(http.deadline)
                written = await self._dispatcher.dispatch(method, raw, asked, call.log)
            await http.write(written)
        await http.end(OK)

    async def _subscription(
        self, subscription: Subscription[Any, Any], call: CallScope, http: HttpCall
    ) -> None:
        asked = call.call(http.deadline)
        request = subscription.read(self._dispatcher.sized(await http.only()), asked)

        async def write_all() -> None:
            async for response in subscription.handle(request, asked):
                await http.write(subscription.write(response))

        await suspended.watched(write_all(), http.look, look_seconds=WATCH_LOOK_SECONDS)
        await http.end(OK)


async def _no_grpc(send: Send) -> None:
    """HTTP 415, which gRPC prescribes for a method that is called as something else."""
    await send({"type": "http.response.start", "status": 415, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"Allowed: content-type application/grpc.\n"})
