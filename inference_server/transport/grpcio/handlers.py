"""Connects gRPC's calls to routes.

Credentials come before messages, which gRPC decompresses as it reads them. So every handler takes a stream,
even for one message: gRPC reads the message of other handlers before it calls them.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import grpc

from inference_server.errors import BadMessage
from inference_server.observability.events import OTHER
from inference_server.rpc.method import Method, Route, Subscription
from inference_server.rpc.role import Role
from inference_server.services import router as routing
from inference_server.transport.grpcio.context import Context, GrpcioScope
from inference_server.transport.served import Served

Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"


class Handlers(grpc.GenericRpcHandler):
    """gRPC asks it for the handler of every call."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._router = served.router
        self._limit = served.limit
        self._idle_timeout = served.idle_timeout
        self._body_timeout = served.body_timeout
        self._dispatcher = served.dispatcher
        self._made: dict[str, tuple[Route, Handler]] = {}

    def service(self, details: grpc.HandlerCallDetails) -> Handler:
        """The handler of a call, cached by route."""
        path = str(details.method)
        route = self._router.find(path) or routing.missing(path)
        if isinstance(route, Method) and not route.is_served:
            return self._unserved(route)
        made = self._made.get(path)
        if made is None or made[0] is not route:
            made = self._made[path] = (route, self._handler(route))
        return made[1]

    def _handler(self, route: Route) -> Handler:
        if isinstance(route, Subscription):
            return grpc.stream_stream_rpc_method_handler(self._subscription(route))
        if route.streams:
            return grpc.stream_stream_rpc_method_handler(self._stream(route))
        return grpc.stream_unary_rpc_method_handler(self._unary(route))

    def _unary(self, method: Method[Any, Any]) -> Any:
        place = contextlib.nullcontext() if method.role is Role.NONE else self._limit

        async def respond(_requests: AsyncIterator[bytes], context: Context) -> bytes:
            accepted = time.perf_counter()
            async with GrpcioScope(method, context, self._served, accepted=accepted) as scope:
                scope.authorize()
                message = [await self._message(context)]
                with place:
                    return await self._dispatcher.dispatch(method, message.pop(), scope.call(), scope.log)

        return respond

    async def _message(self, context: Context) -> bytes:
        """The one message of a call; raises BodyLate if it does not arrive in time."""
        with self._body_timeout.waiting():
            raw: Any = await context.read()
        if raw is grpc.aio.EOF:
            raise BadMessage("The call has no message, allowed: one.")
        return bytes(raw)

    def _stream(self, method: Method[Any, Any]) -> Any:
        """One request at a time: the next is read once the caller has room for the last response."""

        async def respond(requests: AsyncIterator[bytes], context: Context) -> None:
            async with GrpcioScope(method, context, self._served) as scope:
                scope.authorize()
                while (raw := await self._next(requests)) is not None:
                    with self._limit:
                        written = await self._dispatcher.dispatch(method, raw, scope.call(), scope.log)
                    with self._idle_timeout.waiting():
                        await _write(context, written)

        return respond

    async def _next(self, requests: AsyncIterator[bytes]) -> bytes | None:
        with self._idle_timeout.waiting():
            return await anext(requests, None)

    def _subscription(self, subscription: Subscription[Any, Any]) -> Any:
        async def respond(_requests: AsyncIterator[bytes], context: Context) -> None:
            async with GrpcioScope(subscription, context, self._served) as scope:
                scope.authorize()
                call = scope.call()
                request = subscription.read(self._dispatcher.sized(await self._message(context)), call)
                async for response in subscription.handle(request, call):
                    await _write(context, subscription.write(response))

        return respond

    def _unserved(self, route: Method[Any, Any]) -> Handler:
        """Tells callers that may know it why. The path becomes no label: callers can invent it.

        It reads the first message: a caller that is answered while it still sends may see CANCELLED.
        """

        async def refuse(requests: AsyncIterator[bytes], context: Context) -> None:
            async with GrpcioScope(route, context, self._served, name=OTHER) as scope:
                scope.authorize()
                with self._body_timeout.waiting():
                    raw = await anext(requests, b"")
                await self._dispatcher.dispatch(route, raw, scope.call(), scope.log)

        return grpc.stream_stream_rpc_method_handler(refuse)


async def _write(context: Context, response: bytes) -> None:
    """Send a response; a caller that has left meanwhile counts as a cancellation."""
    try:
        await context.write(response)
    except grpc.aio.InternalError as error:
        raise asyncio.CancelledError from error
