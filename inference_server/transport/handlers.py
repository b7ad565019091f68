"""Finds each call's route and carries its bytes there and back."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import grpc

from inference_server.errors import ServingError
from inference_server.observability import Observer
from inference_server.observability.events import OTHER
from inference_server.rpc.dispatch import Answering
from inference_server.rpc.method import Method, Route, Subscription
from inference_server.services import router as routes
from inference_server.services.router import Routes
from inference_server.transport.auth import Authorization, Role, needed
from inference_server.transport.call_scope import Boundary
from inference_server.transport.concurrency_limit import Gate
from inference_server.transport.stream_idle import Patience

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"
Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"


class Handlers(grpc.GenericRpcHandler):
    """Asked by gRPC for the handler of every call."""

    def __init__(
        self,
        routes: Routes,
        observer: Observer,
        answering: Answering,
        *,
        gate: Gate,
        patience: Patience,
        authorization: Authorization | None,
    ) -> None:
        self._routes = routes
        self._observer = observer
        self._answering = answering
        self._gate = gate
        self._patience = patience
        self._authorization = authorization
        self._made: dict[str, tuple[Route, Handler, bool]] = {}

    def service(self, details: grpc.HandlerCallDetails) -> Handler:
        """The handler of a call, made once for each route."""
        path = str(details.method)
        route = self._routes.find(path)
        if route is None:
            return self._missing(path)
        made = self._made.get(path)
        if made is None or made[0] is not route:
            made = self._made[path] = (route, self._handler(route), _is_counted(route))
        _, handler, is_counted = made
        if is_counted and (refusal := self._gate.enter()):
            return self._refused(path, refusal)
        return handler

    def _handler(self, route: Route) -> Handler:
        if isinstance(route, Subscription):
            return grpc.unary_stream_rpc_method_handler(self._subscription(route))
        if route.streams:
            return grpc.stream_stream_rpc_method_handler(self._stream(route))
        return grpc.unary_unary_rpc_method_handler(self._unary(route))

    def _unary(self, method: Method[Any, Any]) -> Any:
        async def answer(raw: bytes, context: Context) -> bytes:
            async with Boundary(method.path, context, self._observer) as boundary:
                boundary.authorize(self._authorization, method.path)
                return await self._answering.answer(method, raw, boundary.call(), boundary.note)

        return answer

    def _stream(self, method: Method[Any, Any]) -> Any:
        """One question at a time: the next is read once the caller has room for the last one's answer."""

        async def answer(questions: AsyncIterator[bytes], context: Context) -> None:
            async with Boundary(method.path, context, self._observer) as boundary:
                boundary.authorize(self._authorization, method.path)
                while (raw := await self._next(questions)) is not None:
                    with self._gate.question():
                        told = await self._answering.answer(method, raw, boundary.call(), boundary.note)
                    with self._patience.waiting():
                        await _write(context, told)

        return answer

    async def _next(self, questions: AsyncIterator[bytes]) -> bytes | None:
        with self._patience.waiting():
            return await anext(questions, None)

    def _subscription(self, subscription: Subscription[Any, Any]) -> Any:
        async def answer(raw: bytes, context: Context) -> None:
            async with Boundary(subscription.path, context, self._observer) as boundary:
                boundary.authorize(self._authorization, subscription.path)
                call = boundary.call()
                question = subscription.read(self._answering.sized(raw), call)
                async for told in subscription.handle(question, call):
                    await _write(context, subscription.write(told))

        return answer

    def _refused(self, path: str, refusal: ServingError) -> Handler:
        """Reads the message and no more: whoever is answered while they still send may see CANCELLED."""

        async def refuse(_question: bytes, context: Context) -> None:
            async with Boundary(path, context, self._observer):
                raise refusal

        return grpc.unary_unary_rpc_method_handler(refuse)

    def _missing(self, path: str) -> Handler:
        """Says what there is, to those who may know. A path that anybody may invent becomes no label."""
        method = routes.missing(path)

        async def refuse(questions: AsyncIterator[bytes], context: Context) -> None:
            async with Boundary(OTHER, context, self._observer) as boundary:
                boundary.authorize(self._authorization, path)
                await self._next(questions)
                await method.handle(b"", boundary.call())

        return grpc.stream_stream_rpc_method_handler(refuse)


async def _write(context: Context, told: bytes) -> None:
    """Where the caller has gone meanwhile, gRPC calls that an error of its own."""
    try:
        await context.write(told)
    except grpc.aio.InternalError as error:
        raise asyncio.CancelledError from error


def _is_counted(route: Route) -> bool:
    """Probes are never refused for load, and streams are counted question by question."""
    return isinstance(route, Method) and not route.streams and needed(route.path) is not Role.NONE
