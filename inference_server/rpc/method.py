"""RPC methods without a transport: what the services offer and a server carries."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from google.protobuf.message import DecodeError, Message

from inference_server.errors import BadMessage, DeadlinePassed, MethodNotFound, ServingError
from inference_server.rpc.role import Role

Request = TypeVar("Request")
Response = TypeVar("Response")
AnyMessage = TypeVar("AnyMessage", bound=Message)
Metadata: TypeAlias = Mapping[str, str | bytes]

VERSION_KEY = "model-version"
"""Metadata key of the registry version to use, for messages that have no field for it."""


class Subject(NamedTuple):
    """The model that a request is about. Markets and versions that a caller made up never get in here."""

    market: str = ""
    """Empty if the request is about no model, or about one that is unknown."""
    version: int = 0
    """Registry version; 0 if the request is about no version that is loaded."""
    rows: int = 0
    id: str = ""
    """The caller's name for the request."""


NOTHING = Subject()


@dataclass(kw_only=True, slots=True)
class Call:
    """What a method knows of the call that carries a request, and records of it for the observers."""

    deadline: float | None
    """When the caller stops waiting, by time.monotonic(); None if it never does."""
    metadata: Metadata
    accepted: float | None = None
    """When the request was accepted, by time.perf_counter(); None for requests of a stream."""
    subject: Subject = NOTHING
    """Filled in by `Method.read`; if that does not come so far, from path and metadata."""
    waited: float = 0.0
    """Seconds until a thread was free to compute."""
    inputs: Any = None
    """The houses as the model takes them; None if nothing was priced."""
    prices: Any = None
    warnings: Mapping[int, Sequence[str]] | None = None
    """What makes prices less certain, by row; None if the request did not ask."""
    refusal: ServingError | None = None
    """Why the request was refused, if the response itself says so and its stream goes on."""

    def check_deadline(self) -> None:
        """Raise DeadlinePassed if the caller no longer waits."""
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise DeadlinePassed

    @property
    def model_version(self) -> str:
        """The version that the metadata asks for; empty if they ask for none."""
        return model_version(self.metadata)


def model_version(metadata: Metadata) -> str:
    """The version that a call's metadata asks for; empty if they ask for none."""
    asked = metadata.get(VERSION_KEY, "")
    return asked if isinstance(asked, str) else asked.decode(errors="replace")


def no_subject(_metadata: Metadata) -> Subject:
    """The subject of methods whose path and metadata name no model."""
    return NOTHING


@dataclass(frozen=True, kw_only=True)
class Method(Generic[Request, Response]):
    """One response to one request, or to each request of a stream, in order."""

    path: str
    """/package.Service/Method."""
    read: Callable[[bytes, Call], Request]
    """Decodes a request; may fill in the call's subject."""
    handle: Callable[[Request, Call], Awaitable[Response]]
    write: Callable[[Response], bytes]
    streams: bool = False
    """Whether requests and responses come in streams."""
    role: Role = Role.INFERENCE
    """The role that a caller needs."""
    subject: Callable[[Metadata], Subject] = no_subject
    """The subject as far as path and metadata tell; never raises."""
    is_served: bool = True
    """False for a path that callers can invent: it gets an error, and goes into no metric or table."""


@dataclass(frozen=True, kw_only=True)
class Subscription(Generic[Request, Response]):
    """A stream of responses to one request."""

    path: str
    read: Callable[[bytes, Call], Request]
    handle: Callable[[Request, Call], AsyncIterator[Response]]
    write: Callable[[Response], bytes]
    role: Role = Role.INFERENCE
    """The role that a caller needs."""
    subject: Callable[[Metadata], Subject] = no_subject


Route = Method[Any, Any] | Subscription[Any, Any]


def reader(message: type[AnyMessage]) -> Callable[[bytes, Call | None], AnyMessage]:
    """A function that parses a message and raises BadMessage for bytes that are not one."""

    def read(raw: bytes, _call: Call | None = None) -> AnyMessage:
        try:
            return message.FromString(raw)
        except DecodeError as error:
            raise malformed(message) from error

    return read


def writer(message: Message) -> bytes:
    """The message's bytes."""
    return message.SerializeToString()


def malformed(message: type[Message]) -> BadMessage:
    """The error for bytes that are not this message."""
    name = message.DESCRIPTOR.full_name
    return BadMessage(
        f"The bytes are not a message of type {name}. Generate the client from the server's .proto."
    )


def not_offered(path: str, why: str) -> Method[bytes, bytes]:
    """A method that answers for an unimplemented one, with a better message than gRPC's."""

    def read(raw: bytes, _call: Call) -> bytes:
        return raw

    async def handle(_request: bytes, _call: Call) -> bytes:
        raise MethodNotFound(f"{path} is not offered. {why}")

    return Method(path=path, read=read, handle=handle, write=bytes, is_served=False)
