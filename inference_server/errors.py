"""Every error that callers may get, and the gRPC status of each.

ServingError
├── BadHouses           the contract does not allow the houses; lists every fault, up to a limit
├── BadMessage          the bytes are not the expected message, or the message cannot be served
├── BadTensor           the tensors do not fit the model
├── TooManyRows         more rows in one request than --max-rows
├── MessageTooLarge     more bytes in one message than --max-message-bytes
├── Overloaded          more requests in flight than --max-in-flight, or explanations than --max-explanations
├── DeadlinePassed      the call's deadline passed before its prices were computed
├── BodyLate            the message did not arrive within --body-seconds
├── StreamIdle          the caller of a stream neither sent nor received for too long
├── Stopping            the server is shutting down
├── NoCredentials       missing or unknown credentials
├── NotAllowed          the caller's role does not allow the call
├── ServiceNotFound     a health check of an unknown service
├── PathNotFound        an HTTP path that is none of the JSON API's
├── MethodNotFound      an unimplemented method, or feature of one
├── ModelNotFound       an unknown market, or an unknown version of one
├── ModelNotReady       the market has no champion yet
├── NotExplained        the version was published without typical sales to explain its prices by
├── LoadRefused         the version cannot be loaded
├── UnloadRefused       the version cannot be unloaded
└── ModelFailed         the model returned no usable price

Any other exception is a bug: the caller gets a fixed sentence, the log gets the details.
A message says what came, what is allowed and what to do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

INTERNAL_SENTENCE = "The server could not answer because of an internal error. Its log has the details."
MOST_DETAIL_BYTES = 4096
"""Field faults travel in a response header, in base64; clients accept headers up to 8 KiB."""
LONGEST_MESSAGE = 700
"""Characters of a message, which travels in the same header, at up to nine bytes a character."""
LONGEST_QUOTE = 40
"""Characters of a caller's text that a message repeats."""


def quoted(text: str) -> str:
    """A caller's text for a message, shortened if it is long."""
    return repr(text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}...")


def listed(names: Iterable[object], most: int = 20) -> str:
    """Names joined by commas; only the first `most`, and how many more there are."""
    all_of_them = [str(name) for name in names]
    more = [f"and {len(all_of_them) - most} more"] if len(all_of_them) > most else []
    return ", ".join([*all_of_them[:most], *more]) or "none"


class ServingError(Exception):
    """Base of every error here. Its message is for the caller."""


@dataclass(frozen=True, kw_only=True)
class FieldFault:
    """What is wrong with one field of a request."""

    field: str
    """Its path in the message, such as houses[3].area."""
    description: str
    """What came, and what is allowed."""


class BadHouses(ServingError):
    """The contract does not allow the houses."""

    def __init__(self, faults: Sequence[FieldFault], *, unread: bool = False) -> None:
        self.faults = tuple(faults)
        self.unread = unread
        """Whether reading stopped at the limit of faults, so that there may be more."""
        first = self.faults[0]
        count = f"at least {len(faults)}" if unread else str(len(faults))
        super().__init__(
            f"The houses have {count} {'fault' if len(faults) == 1 else 'faults'}. "
            f"{first.field}: {first.description}. The status details list them."
        )


class BadMessage(ServingError):
    """The bytes are not the expected message, or the message cannot be served."""


class BadTensor(ServingError):
    """The tensors do not fit the model."""


class TooManyRows(ServingError):
    """More rows in one request than --max-rows."""

    def __init__(self, rows: int, limit: int) -> None:
        super().__init__(
            f"The request has {rows} rows, allowed: at most {limit}. Send several requests, "
            "or start the server with a larger --max-rows (INFERENCE_SERVER_MAX_ROWS)."
        )


class MessageTooLarge(ServingError):
    """More bytes in one message than --max-message-bytes."""

    def __init__(self, size: int, limit: int, *, at_least: bool = False) -> None:
        """`at_least` is of a message that was not decompressed any further."""
        least = "at least " if at_least else ""
        super().__init__(
            f"The message has {least}{size} bytes, allowed: at most {limit}. Send several requests, or start "
            "the server with a larger --max-message-bytes (INFERENCE_SERVER_MAX_MESSAGE_BYTES)."
        )


class Overloaded(ServingError):
    """More requests in flight than --max-in-flight, or more explanations than --max-explanations."""

    def __init__(self, limit: int, *, what: str = "requests", flag: str = "--max-in-flight") -> None:
        variable = flag.replace("--", "INFERENCE_SERVER_").replace("-", "_").upper()
        super().__init__(
            f"The server has {limit} {what} in flight, allowed: at most {limit}. Nothing was computed. "
            f"Repeat later, or start the server with a larger {flag} ({variable}) "
            "or with more --workers (INFERENCE_SERVER_WORKERS)."
        )


class DeadlinePassed(ServingError):
    """The call's deadline passed before its prices were computed."""

    def __init__(self) -> None:
        super().__init__(
            "The call's deadline passed before its prices were computed, so they were not. Allow more time, "
            "or ask for less at once."
        )


class BodyLate(ServingError):
    """The message did not arrive within --body-seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The message did not arrive within {seconds:g} seconds of the call. Send it at once, in smaller "
            "requests, or start the server with a larger --body-seconds (INFERENCE_SERVER_BODY_SECONDS)."
        )


class StreamIdle(ServingError):
    """The caller of a stream neither sent nor received for too long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The stream was idle for {seconds:g} seconds, allowed: at most that. Open another when there is "
            "something to ask, or start the server with a larger --stream-idle-seconds "
            "(INFERENCE_SERVER_STREAM_IDLE_SECONDS)."
        )


class Stopping(ServingError):
    """The server is shutting down."""

    def __init__(self) -> None:
        super().__init__(
            "The server stops. Responses that were sent are complete; repeat the other requests."
        )


class NoCredentials(ServingError):
    """Missing or unknown credentials."""


class NotAllowed(ServingError):
    """The caller's role does not allow the call."""


class ServiceNotFound(ServingError):
    """A health check of an unknown service."""


class PathNotFound(ServingError):
    """An HTTP path that is none of the JSON API's."""


class MethodNotFound(ServingError):
    """An unimplemented method, or feature of one."""


class ModelNotFound(ServingError):
    """An unknown market, or an unknown version of one."""


class ModelNotReady(ServingError):
    """The market has no champion yet."""


class NotExplained(ServingError):
    """The version was published without typical sales to explain its prices by."""


class LoadRefused(ServingError):
    """The version cannot be loaded."""


class UnloadRefused(ServingError):
    """The version cannot be unloaded."""


class ModelFailed(ServingError):
    """The model returned no usable price."""


CODES: dict[type[ServingError], int] = {
    BadHouses: code_pb2.INVALID_ARGUMENT,
    BadMessage: code_pb2.INVALID_ARGUMENT,
    BadTensor: code_pb2.INVALID_ARGUMENT,
    TooManyRows: code_pb2.INVALID_ARGUMENT,
    MessageTooLarge: code_pb2.RESOURCE_EXHAUSTED,
    Overloaded: code_pb2.RESOURCE_EXHAUSTED,
    DeadlinePassed: code_pb2.DEADLINE_EXCEEDED,
    BodyLate: code_pb2.DEADLINE_EXCEEDED,
    StreamIdle: code_pb2.DEADLINE_EXCEEDED,
    Stopping: code_pb2.UNAVAILABLE,
    NoCredentials: code_pb2.UNAUTHENTICATED,
    NotAllowed: code_pb2.PERMISSION_DENIED,
    ServiceNotFound: code_pb2.NOT_FOUND,
    PathNotFound: code_pb2.NOT_FOUND,
    MethodNotFound: code_pb2.UNIMPLEMENTED,
    ModelNotFound: code_pb2.NOT_FOUND,
    ModelNotReady: code_pb2.UNAVAILABLE,
    NotExplained: code_pb2.FAILED_PRECONDITION,
    LoadRefused: code_pb2.FAILED_PRECONDITION,
    UnloadRefused: code_pb2.FAILED_PRECONDITION,
    ModelFailed: code_pb2.INTERNAL,
}


def status(error: Exception) -> status_pb2.Status:
    """The gRPC status that the caller gets."""
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
    """As many faults as fit into a header, and how many more there are."""
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
