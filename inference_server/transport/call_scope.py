"""What surrounds every call: errors become a gRPC status, and the observer learns how the call ended."""

import asyncio
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from google.rpc import code_pb2, status_pb2
from grpc_status import rpc_status

from inference_server import errors
from inference_server.errors import Overloaded, ServingError
from inference_server.observability import Answered, Observer
from inference_server.rpc.dispatch import CallLog
from inference_server.rpc.method import Call, Route
from inference_server.rpc.role import Role
from inference_server.transport.auth import Authorization

OK = status_pb2.Status()
NAMES = ("x509_common_name", "x509_subject_alternative_name")
"""Keys under which gRPC gives the names of a client certificate that the handshake has checked."""


class CallScope:
    """An async context manager around one call."""

    __slots__ = ("_accepted", "_context", "_metadata", "_name", "_observer", "_route", "_started", "log")

    def __init__(
        self, route: Route, context: Any, observer: Observer, *, name: str = "", accepted: float | None = None
    ) -> None:
        """`name` goes into records instead of the route's path; `accepted` is by time.perf_counter()."""
        self._route = route
        self._name = name or route.path
        self._context = context
        self._observer = observer
        self._metadata: dict[str, str | bytes] = dict(context.invocation_metadata() or ())
        self._accepted = accepted
        self._started = accepted or time.perf_counter()
        self.log = CallLog()

    def authorize(self, authorization: Authorization | None) -> None:
        """Raise NoCredentials or NotAllowed."""
        if authorization and self._route.role is not Role.NONE:
            authorization.check(self._route.path, self._route.role, self._metadata, self._names)

    def _names(self) -> Sequence[str]:
        known = self._context.auth_context()
        return [name.decode(errors="replace") for key in NAMES for name in known.get(key, ())]

    def call(self) -> Call:
        """What the method knows of this call, for one request of it."""
        left = self._context.time_remaining()
        return Call(
            deadline=None if left is None else time.monotonic() + left,
            metadata=self._metadata,
            accepted=self._accepted,
        )

    async def __aenter__(self) -> "CallScope":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        status = self._status(error)
        self._tell(status, error)
        if isinstance(error, Exception):
            told = rpc_status.to_status(status)
            trailing = told.trailing_metadata if status.details else ()
            await self._context.abort(told.code, told.details, trailing)

    def _status(self, error: BaseException | None) -> status_pb2.Status:
        if error is None:
            return OK
        if isinstance(error, Exception):
            return errors.status(error)
        expired = isinstance(error, asyncio.CancelledError) and self._context.time_remaining() == 0
        return status_pb2.Status(code=code_pb2.DEADLINE_EXCEEDED if expired else code_pb2.CANCELLED)

    def _tell(self, status: status_pb2.Status, error: BaseException | None) -> None:
        subject = self.log.subject or self._route.subject(self._metadata)
        is_bug = isinstance(error, Exception) and not isinstance(error, ServingError)
        self._observer.answered(
            Answered(
                method=self._name,
                market=subject.market,
                version=subject.version,
                messages=self.log.messages,
                rows=self.log.rows,
                code=status.code,
                seconds=time.perf_counter() - self._started,
                reason=status.message,
                bug=error if is_bug else None,
                metadata=self._metadata,
                is_shed=isinstance(error, Overloaded),
            )
        )
