"""The gRPC transport: carries bytes between callers and routes, and nothing else."""

from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import grpc

from inference_server import routes
from inference_server.errors import MessageTooLarge
from inference_server.interceptors import Boundary
from inference_server.method import Method, Route, Subscription
from inference_server.observation import Observer
from inference_server.routes import Routes
from inference_server.settings import Settings

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"
Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"


class CannotListen(Exception):
    """The address is not to be had."""


class Server:
    """Listens on one address."""

    def __init__(self, settings: Settings, routes: Routes, observer: Observer) -> None:
        self._settings = settings
        self._server = grpc.aio.server(options=_options(settings))
        handlers = Handlers(routes, observer, max_message_bytes=settings.max_message_bytes)
        self._server.add_generic_rpc_handlers((handlers,))

    async def start(self) -> int:
        """Listen; gives the port, which matters where the settings left it open."""
        address = f"{self._settings.host}:{self._settings.port}"
        try:
            port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise CannotListen(
                f"cannot listen on {address}: another process has it, or the host has no such address. "
                "Choose others with --host and --port (INFERENCE_SERVER_HOST, INFERENCE_SERVER_PORT)."
            ) from error
        await self._server.start()
        return port

    async def stop(self, grace_seconds: float) -> None:
        """Accept no more, and give what was accepted time to end."""
        await self._server.stop(grace_seconds)


def _options(settings: Settings) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 0),  # or a second server would take half of this one's calls, unnoticed
        # A message past gRPC's own limit is refused without naming the setting; leave that to `Handlers`.
        ("grpc.max_receive_message_length", min(settings.max_message_bytes * 2, 2**31 - 1)),
    ]


class Handlers(grpc.GenericRpcHandler):
    """Finds each call's route and carries its bytes there and back."""

    def __init__(self, routes: Routes, observer: Observer, *, max_message_bytes: int) -> None:
        self._routes = routes
        self._observer = observer
        self._max_message_bytes = max_message_bytes
        self._made: dict[str, tuple[Route, Handler]] = {}

    def service(self, details: grpc.HandlerCallDetails) -> Handler:
        """The handler of a call, made once for each route."""
        path = str(details.method)
        route = self._routes.find(path)
        if route is None:
            return grpc.stream_stream_rpc_method_handler(self._stream(routes.missing(path)))
        made = self._made.get(path)
        if made is None or made[0] is not route:
            made = self._made[path] = (route, self._handler(route))
        return made[1]

    def _handler(self, route: Route) -> Handler:
        if isinstance(route, Subscription):
            return grpc.unary_stream_rpc_method_handler(self._subscription(route))
        if route.streams:
            return grpc.stream_stream_rpc_method_handler(self._stream(route))
        return grpc.unary_unary_rpc_method_handler(self._unary(route))

    def _unary(self, method: Method[Any, Any]) -> Any:
        async def answer(raw: bytes, context: Context) -> bytes:
            async with Boundary(method.path, context, self._observer) as boundary:
                return await self._answer(method, raw, boundary)

        return answer

    def _stream(self, method: Method[Any, Any]) -> Any:
        """One question at a time: the next is read once the caller has room for the last one's answer."""

        async def answer(questions: AsyncIterator[bytes], context: Context) -> None:
            async with Boundary(method.path, context, self._observer) as boundary:
                async for raw in questions:
                    await context.write(await self._answer(method, raw, boundary))

        return answer

    def _subscription(self, subscription: Subscription[Any, Any]) -> Any:
        async def answer(raw: bytes, context: Context) -> None:
            async with Boundary(subscription.path, context, self._observer) as boundary:
                call = boundary.call()
                question = subscription.read(self._sized(raw), call)
                async for told in subscription.handle(question, call):
                    await context.write(subscription.write(told))

        return answer

    async def _answer(self, method: Method[Any, Any], raw: bytes, boundary: Boundary) -> bytes:
        call = boundary.call()
        question = method.read(self._sized(raw), call)
        boundary.count(method.subject(question))
        return method.write(await method.handle(question, call))

    def _sized(self, raw: bytes) -> bytes:
        if len(raw) > self._max_message_bytes:
            raise MessageTooLarge(len(raw), self._max_message_bytes)
        return raw
