"""Every error that a caller may be answered with, and the gRPC status of each.

ServingError
├── BadHouses           houses that the contract refuses; lists every fault, up to a limit
├── BadMessage          bytes that are not the message, or a message that asks for nothing that can be done
├── BadTensor           tensors that the model does not take
├── TooManyRows         more rows in one request than the server prices at once
├── MessageTooLarge     more bytes in one message than the server reads
├── Overloaded          more requests in flight than the server takes
├── DeadlinePassed      too late to compute: the caller waits no longer
├── StreamIdle          a stream that nothing came from, or whose answers nobody took, for too long
├── Stopping            a stream that the server ends because it stops
├── NoCredentials       a caller who does not say who they are, or not believably
├── NotAllowed          a caller who may not ask this
├── ServiceNotFound     health asked of a service that is not served
├── MethodNotFound      a method, or a part of one, that is not offered
├── ModelNotFound       no such market, or no such version of it
├── ModelNotReady       no champion of the market serves yet
├── LoadRefused         a version that must not be loaded
├── UnloadRefused       a version that must not be unloaded
└── ModelFailed         the model gave no usable price

Whatever else is raised is a bug: the caller gets a fixed sentence, the log gets everything.
A message says what came, what is allowed and what to do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

INTERNAL_SENTENCE = "The server could not answer because of a fault of its own. Its log has the details."
MOST_DETAIL_BYTES = 4096
"""Field faults travel in a response header, which clients read up to 8 KiB of, in base64."""
LONGEST_MESSAGE = 700
"""Letters of a message, which travels in the same header, up to nine bytes a letter."""
LONGEST_QUOTE = 40
"""Letters of a text that came, in a message about it."""


def quoted(text: str) -> str:
    """What came, cut where it is long."""
    return repr(text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}...")


def listed(names: Iterable[object], most: int = 20) -> str:
    """Names with commas between, and an end where there are many."""
    all_of_them = [str(name) for name in names]
    more = [f"and {len(all_of_them) - most} more"] if len(all_of_them) > most else []
    return ", ".join([*all_of_them[:most], *more]) or "none"


class ServingError(Exception):
    """Base of every error here; its message is meant for the caller."""


@dataclass(frozen=True, kw_only=True)
class FieldFault:
    """What is the matter with one field of a request."""

    field: str
    """Its path in the message, such as houses[3].area."""
    description: str
    """What came, and what is allowed."""


class BadHouses(ServingError):
    """Houses that the contract refuses."""

    def __init__(self, faults: Sequence[FieldFault], *, unread: bool = False) -> None:
        self.faults = tuple(faults)
        self.unread = unread
        """Whether the limit of faults was reached, and nothing behind it was read."""
        first = self.faults[0]
        count = f"at least {len(faults)}" if unread else str(len(faults))
        super().__init__(
            f"The houses have {count} {'fault' if len(faults) == 1 else 'faults'}. "
            f"{first.field}: {first.description}. The status details list them."
        )


class BadMessage(ServingError):
    """Bytes that are not the message, or a message that asks for nothing that can be done."""


class BadTensor(ServingError):
    """Tensors that the model does not take."""


class TooManyRows(ServingError):
    """More rows in one request than the server prices at once."""

    def __init__(self, rows: int, limit: int) -> None:
        super().__init__(
            f"The request has {rows} rows, allowed: at most {limit}. Send several requests, "
            "or start the server with a larger --max-rows (INFERENCE_SERVER_MAX_ROWS)."
        )


class MessageTooLarge(ServingError):
    """More bytes in one message than the server reads."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"The message has {size} bytes, allowed: at most {limit}. Send several requests, or start "
            "the server with a larger --max-message-bytes (INFERENCE_SERVER_MAX_MESSAGE_BYTES)."
        )


class Overloaded(ServingError):
    """More requests in flight than the server takes."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The server has {limit} requests in flight, allowed: at most {limit}. Nothing was computed. "
            "Repeat later, or start the server with a larger --max-in-flight "
            "(INFERENCE_SERVER_MAX_IN_FLIGHT) or with more --workers (INFERENCE_SERVER_WORKERS)."
        )


class DeadlinePassed(ServingError):
    """Too late to compute: the caller waits no longer."""

    def __init__(self) -> None:
        super().__init__(
            "The call's deadline passed before its prices were computed, so they were not. Allow more time, "
            "or ask for less at once."
        )


class StreamIdle(ServingError):
    """A stream that nothing came from, or whose answers nobody took, for too long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The stream was idle for {seconds:g} seconds, allowed: at most that. Open another when there is "
            "something to ask, or start the server with a larger --stream-idle-seconds "
            "(INFERENCE_SERVER_STREAM_IDLE_SECONDS)."
        )


class Stopping(ServingError):
    """A stream that the server ends because it stops."""

    def __init__(self) -> None:
        super().__init__("The server stops. Every answer that was sent is whole; ask again for the others.")


class NoCredentials(ServingError):
    """A caller who does not say who they are, or not believably."""


class NotAllowed(ServingError):
    """A caller who may not ask this."""


class ServiceNotFound(ServingError):
    """Health asked of a service that is not served."""


class MethodNotFound(ServingError):
    """A method, or a part of one, that is not offered."""


class ModelNotFound(ServingError):
    """No such market, or no such version of it."""


class ModelNotReady(ServingError):
    """No champion of the market serves yet."""


class LoadRefused(ServingError):
    """A version that must not be loaded."""


class UnloadRefused(ServingError):
    """A version that must not be unloaded."""


class ModelFailed(ServingError):
    """The model gave no usable price."""


CODES: dict[type[ServingError], int] = {
    BadHouses: code_pb2.INVALID_ARGUMENT,
    BadMessage: code_pb2.INVALID_ARGUMENT,
    BadTensor: code_pb2.INVALID_ARGUMENT,
    TooManyRows: code_pb2.INVALID_ARGUMENT,
    MessageTooLarge: code_pb2.RESOURCE_EXHAUSTED,
    Overloaded: code_pb2.RESOURCE_EXHAUSTED,
    DeadlinePassed: code_pb2.DEADLINE_EXCEEDED,
    StreamIdle: code_pb2.DEADLINE_EXCEEDED,
    Stopping: code_pb2.UNAVAILABLE,
    NoCredentials: code_pb2.UNAUTHENTICATED,
    NotAllowed: code_pb2.PERMISSION_DENIED,
    ServiceNotFound: code_pb2.NOT_FOUND,
    MethodNotFound: code_pb2.UNIMPLEMENTED,
    ModelNotFound: code_pb2.NOT_FOUND,
    ModelNotReady: code_pb2.UNAVAILABLE,
    LoadRefused: code_pb2.FAILED_PRECONDITION,
    UnloadRefused: code_pb2.FAILED_PRECONDITION,
    ModelFailed: code_pb2.INTERNAL,
}


def status(error: Exception) -> status_pb2.Status:
    """What the caller is told."""
    if not isinstance(error, ServingError):
        return status_pb2.Status(code=code_pb2.INTERNAL, message=INTERNAL_SENTENCE)
    told = status_pb2.Status(code=CODES[type(error)], message=_short(str(error)))
    if isinstance(error, BadHouses):
        detail = any_pb2.Any()
        detail.Pack(_bad_request(error))
        told.details.append(detail)
    return told


def _short(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}..."


def _bad_request(error: BadHouses) -> error_details_pb2.BadRequest:
    """The faults, as many as a header has room for, and how many more there are."""
    detail = error_details_pb2.BadRequest()
    room = MOST_DETAIL_BYTES
    for listed, fault in enumerate(error.faults):
        room -= len(fault.field.encode()) + len(fault.description.encode()) + 8
        if room < 0:
            detail.field_violations.add(field="houses", description=_rest(error, listed))
            return detail
        detail.field_violations.add(field=fault.field, description=fault.description)
    if error.unread:
        detail.field_violations.add(field="houses", description=_rest(error, len(error.faults)))
    return detail


def _rest(error: BadHouses, listed: int) -> str:
    more = len(error.faults) - listed
    if error.unread:
        return f"only the first {listed} faults are listed; there may be any number more"
    return f"only the first {listed} faults are listed; there are {more} more"
