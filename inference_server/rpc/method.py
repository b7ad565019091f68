"""An RPC method without a transport: what the services offer and a server carries."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from google.protobuf.message import DecodeError, Message

from inference_server.errors import BadMessage, DeadlinePassed, MethodNotFound

Question = TypeVar("Question")
Answer = TypeVar("Answer")
AnyMessage = TypeVar("AnyMessage", bound=Message)


VERSION_KEY = "model-version"
"""In a call's metadata: the registry version that is to answer, where a message has no room for it."""


@dataclass(kw_only=True, slots=True)
class Work:
    """What came of one question, noted by whoever does it; for those who observe."""

    waited: float = 0.0
    """Seconds until there was a thread to compute on."""
    inputs: Any = None
    """The houses as the model takes them; None where nothing was priced."""
    prices: Any = None


@dataclass(kw_only=True, slots=True)
class Call:
    """What a method may know of the call that it answers."""

    deadline: float | None
    """When the caller stops waiting, as time.monotonic() tells it; None where it never does."""
    metadata: Mapping[str, str | bytes]
    work: Work = field(default_factory=Work)

    def be_in_time(self) -> None:
        """Raise DeadlinePassed where nobody waits for an answer any more."""
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise DeadlinePassed

    @property
    def model_version(self) -> str:
        """The version that the metadata asks for; empty where they ask for none."""
        asked = self.metadata.get(VERSION_KEY, "")
        return asked if isinstance(asked, str) else asked.decode(errors="replace")


@dataclass(kw_only=True, slots=True)
class Subject:
    """What a question is about, for the log."""

    market: str = ""
    version: int = 0
    """Registry version that answers; 0 where none is asked."""
    rows: int = 0
    id: str = ""
    """What the caller calls the question."""


NOTHING = Subject()


@dataclass(frozen=True, kw_only=True)
class Method(Generic[Question, Answer]):
    """One answer for one question, or for each question of a stream, in order."""

    path: str
    """/package.Service/Method."""
    read: Callable[[bytes, Call], Question]
    handle: Callable[[Question, Call], Awaitable[Answer]]
    write: Callable[[Answer], bytes]
    streams: bool = False
    """Whether questions and answers come in streams."""
    subject: Callable[[Question], Subject] = lambda _: NOTHING


@dataclass(frozen=True, kw_only=True)
class Subscription(Generic[Question, Answer]):
    """A stream of answers for one question."""

    path: str
    read: Callable[[bytes, Call], Question]
    handle: Callable[[Question, Call], AsyncIterator[Answer]]
    write: Callable[[Answer], bytes]


Route = Method[Any, Any] | Subscription[Any, Any]


def reader(message: type[AnyMessage]) -> Callable[[bytes, Call | None], AnyMessage]:
    """Reads a message, refusing bytes that are none."""

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
    return BadMessage(f"The bytes are no {name}. Generate the client from the server's .proto.")


def not_offered(path: str, why: str) -> Method[bytes, bytes]:
    """Stands in for a method that there is not, and says so better than gRPC does."""

    def read(raw: bytes, _call: Call) -> bytes:
        return raw

    async def handle(_question: bytes, _call: Call) -> bytes:
        raise MethodNotFound(f"{path} is not offered. {why}")

    return Method(path=path, read=read, handle=handle, write=bytes)
