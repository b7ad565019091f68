"""An RPC method without a transport: what the services offer and a server carries."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import DecodeError, Message

from inference_server.errors import BadMessage

Question = TypeVar("Question")
Answer = TypeVar("Answer")
AnyMessage = TypeVar("AnyMessage", bound=Message)


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a method may know of the call that it answers."""

    deadline: float | None
    """When the caller stops waiting, as time.monotonic() tells it; None where it never does."""
    metadata: Mapping[str, str | bytes]
    peer: str
    """The caller's address."""
    cancelled: Callable[[], bool]
    """Whether the caller has gone."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a question is about, for the log."""

    market: str = ""
    version: int = 0
    """Registry version that answers; 0 where none is asked."""
    rows: int = 0


NOTHING = Subject()


@dataclass(frozen=True, kw_only=True)
class Method(Generic[Question, Answer]):
    """One answer for one question, or for each question of a stream, in order."""

    path: str
    """/package.Service/Method."""
    read: Callable[[bytes], Question]
    handle: Callable[[Question, Call], Awaitable[Answer]]
    write: Callable[[Answer], bytes]
    streams: bool = False
    """Whether questions and answers come in streams."""
    subject: Callable[[Question], Subject] = lambda _: NOTHING


@dataclass(frozen=True, kw_only=True)
class Subscription(Generic[Question, Answer]):
    """A stream of answers for one question."""

    path: str
    read: Callable[[bytes], Question]
    handle: Callable[[Question, Call], AsyncIterator[Answer]]
    write: Callable[[Answer], bytes]


Route = Method[Any, Any] | Subscription[Any, Any]


def reader(message: type[AnyMessage]) -> Callable[[bytes], AnyMessage]:
    """Reads a message, refusing bytes that are none."""

    def read(raw: bytes) -> AnyMessage:
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
    return BadMessage(f"The bytes are no {name}. Generate the client from the server's .proto.")
