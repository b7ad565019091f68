"""What surrounds every call: who may make it, and the record of how it ended."""

import asyncio
import time
from collections.abc import Callable, Sequence

from google.rpc import code_pb2, status_pb2

from inference_server import errors
from inference_server.errors import Overloaded, ServingError
from inference_server.observability import Answered, Observer
from inference_server.rpc.dispatch import CallLog
from inference_server.rpc.method import Call, Metadata, Route
from inference_server.rpc.role import Role
from inference_server.transport.auth import Authorization

OK = status_pb2.Status()
EXPIRED = status_pb2.Status(code=code_pb2.DEADLINE_EXCEEDED)
CANCELLED = status_pb2.Status(code=code_pb2.CANCELLED)


class CallScope:
    """One call, from its metadata to its status."""

    __slots__ = ("_accepted", "_name", "_observer", "_route", "_started", "log", "metadata")

    def __init__(
        self,
        route: Route,
        metadata: Metadata,
        observer: Observer,
        *,
        name: str = "",
        accepted: float | None = None,
    ) -> None:
        """`name` goes into records instead of the route's path; `accepted` is by time.perf_counter()."""
        self._route = route
        self._name = name or route.path
        self._observer = observer
        self._accepted = accepted
        self._started = accepted or time.perf_counter()
        self.metadata = metadata
        self.log = CallLog()

    def authorize(self, authorization: Authorization | None, names: Callable[[], Sequence[str]]) -> None:
        """Raise NoCredentials or NotAllowed. `names` gives those of a checked client certificate."""
        if authorization and self._route.role is not Role.NONE:
            authorization.check(self._route.path, self._route.role, self.metadata, names)

    def call(self, deadline: float | None) -> Call:
        """What the method knows of this call, for one request of it. `deadline` is by time.monotonic()."""
        return Call(deadline=deadline, metadata=self.metadata, accepted=self._accepted)

    def end(self, error: BaseException | None = None, *, is_expired: bool = False) -> status_pb2.Status:
        """Tell the observer how the call ended, and give its status.

        `is_expired` is whether a cancellation came from the caller's deadline.
        """
        if error is None:
            status = OK
        elif isinstance(error, Exception):
            status = errors.status(error)
        else:
            status = EXPIRED if is_expired and isinstance(error, asyncio.CancelledError) else CANCELLED
        self._tell(status, error)
        return status

    def _tell(self, status: status_pb2.Status, error: BaseException | None) -> None:
        subject = self.log.subject or self._route.subject(self.metadata)
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
                metadata=self.metadata,
                is_shed=isinstance(error, Overloaded),
            )
        )
