"""What surrounds every call: an error becomes a status, and what happened is told to the observer."""

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
from inference_server.rpc.dispatch import Note
from inference_server.rpc.method import NOTHING, Call
from inference_server.transport.auth import Authorization
from inference_server.transport.concurrency_limit import ACCEPTED

OK = status_pb2.Status()
NAMES = ("x509_common_name", "x509_subject_alternative_name")
"""Where gRPC tells of a client certificate that the handshake has checked."""


class Boundary:
    """An async context manager for the answering of one call."""

    __slots__ = ("_context", "_metadata", "_observer", "_path", "_started", "note")

    def __init__(self, path: str, context: Any, observer: Observer) -> None:
        self._path = path
        self._context = context
        self._observer = observer
        self._metadata: dict[str, str | bytes] = dict(context.invocation_metadata() or ())
        accepted = ACCEPTED.get()
        self._started = accepted or time.perf_counter()
        self.note = Note(NOTHING, accepted)

    def authorize(self, authorization: Authorization | None, path: str) -> None:
        """Raise NoCredentials or NotAllowed."""
        if authorization:
            authorization.check(path, self._metadata, self._names)

    def _names(self) -> Sequence[str]:
        known = self._context.auth_context()
        return [name.decode(errors="replace") for key in NAMES for name in known.get(key, ())]

    def call(self) -> Call:
        """What the method may know of this call, for one question of it."""
        left = self._context.time_remaining()
        return Call(
            deadline=None if left is None else time.monotonic() + left,
            metadata=self._metadata,
        )

    async def __aenter__(self) -> "Boundary":
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
        note = self.note
        is_bug = isinstance(error, Exception) and not isinstance(error, ServingError)
        self._observer.answered(
            Answered(
                method=self._path,
                market=note.subject.market,
                version=note.subject.version,
                messages=note.messages,
                rows=note.rows,
                code=status.code,
                seconds=time.perf_counter() - self._started,
                reason=status.message,
                bug=error if is_bug else None,
                metadata=self._metadata,
                is_shed=isinstance(error, Overloaded),
            )
        )
