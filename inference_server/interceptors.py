"""What surrounds every call: an error becomes a status, and what happened is told to the observer."""

import asyncio
import time
from types import TracebackType
from typing import Any

from google.rpc import code_pb2, status_pb2
from grpc_status import rpc_status

from inference_server import errors
from inference_server.errors import ServingError
from inference_server.method import Call, Subject
from inference_server.observation import Answered, Observer

OK = status_pb2.Status()


class Boundary:
    """An async context manager for the answering of one call."""

    def __init__(self, path: str, context: Any, observer: Observer) -> None:
        self._path = path
        self._context = context
        self._observer = observer
        self._started = time.perf_counter()
        self._market, self._version = "", 0
        self._messages, self._rows = 0, 0

    def call(self) -> Call:
        """What the method may know of this call."""
        left = self._context.time_remaining()
        return Call(
            deadline=None if left is None else time.monotonic() + left,
            metadata=dict(self._context.invocation_metadata() or ()),
            peer=self._context.peer(),
            cancelled=self._context.cancelled,
        )

    def count(self, subject: Subject) -> None:
        """Note what a question of this call is about."""
        self._messages += 1
        self._rows += subject.rows
        self._market, self._version = subject.market, subject.version

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
        is_bug = isinstance(error, Exception) and not isinstance(error, ServingError)
        self._observer(
            Answered(
                method=self._path,
                market=self._market,
                version=self._version,
                messages=self._messages,
                rows=self._rows,
                code=status.code,
                seconds=time.perf_counter() - self._started,
                reason=status.message,
                bug=error if is_bug else None,
            )
        )
