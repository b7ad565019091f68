"""A call as grpcio knows it: its context becomes a CallScope, and an error in the block its status."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import TypeAlias

import grpc
from grpc_status import rpc_status

from inference_server.rpc.method import Call, Route
from inference_server.transport.call_scope import CallScope
from inference_server.transport.served import Served

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"
NAMES = ("x509_common_name", "x509_subject_alternative_name")
"""Keys under which gRPC gives the names of a client certificate that the handshake has checked."""


class GrpcioScope:
    """An async context manager around one call."""

    __slots__ = ("_context", "_scope", "_served", "log")

    def __init__(
        self, route: Route, context: Context, served: Served, *, name: str = "", accepted: float | None = None
    ) -> None:
        self._context = context
        self._served = served
        metadata = dict(context.invocation_metadata() or ())
        self._scope = CallScope(route, metadata, served.observer, name=name, accepted=accepted)
        self.log = self._scope.log

    def authorize(self) -> None:
        """Raise NoCredentials or NotAllowed."""
        self._scope.authorize(self._served.authorization, self._names)

    def _names(self) -> Sequence[str]:
        known = self._context.auth_context()
        return [name.decode(errors="replace") for key in NAMES for name in known.get(key, ())]

    def call(self) -> Call:
        """What the method knows of this call, for one request of it."""
        left = self._context.time_remaining()
        return self._scope.call(None if left is None else time.monotonic() + left)

    async def __aenter__(self) -> "GrpcioScope":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        status = self._scope.end(error, is_expired=error is not None and self._context.time_remaining() == 0)
        if isinstance(error, Exception):
            told = rpc_status.to_status(status)
            trailing = told.trailing_metadata if status.details else ()
            # gRPC keeps this frame in a cycle, and the traceback's frames would keep the message.
            error.__traceback__ = None
            del trace
            await self._context.abort(told.code, told.details, trailing)
