"""One gRPC call as an ASGI server gives it: messages in, messages and a status out."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from google.rpc import status_pb2

from inference_server.errors import BadMessage
from inference_server.rpc.method import Metadata
from inference_server.transport.envoy import wire
from inference_server.transport.served import Served

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_START = {
    "type": "http.response.start", "status": 200, "headers": [wire.CONTENT_TYPE], "trailers": True,
}  # fmt: skip
_END_OK = {"type": "http.response.trailers", "headers": wire.OK_TRAILERS}


class HttpCall:
    """Raises CancelledError as soon as it is known that the caller has left."""

    __slots__ = (
        "_body_timeout", "_frames", "_has_started", "_idle_timeout", "_is_whole", "_receive", "_send",
        "deadline", "has_left",
    )  # fmt: skip

    def __init__(self, metadata: Metadata, receive: Receive, send: Send, served: Served) -> None:
        self._receive = receive
        self._send = send
        self._idle_timeout = served.idle_timeout
        self._body_timeout = served.body_timeout
        self._frames = wire.Frames(metadata, most_bytes=served.dispatcher.max_message_bytes)
        self._is_whole = False
        self._has_started = False
        self.has_left = False
        """Whether the caller has left."""
        self.deadline: float | None = None
        """By time.monotonic(); None if the caller never stops waiting."""

    def wait(self, seconds: float | None) -> None:
        """Set how long the caller waits; None if it never stops."""
        self.deadline = None if seconds is None else time.monotonic() + seconds

    @property
    def seconds_left(self) -> float | None:
        """How long the caller still waits; None if it never stops."""
        return None if self.deadline is None else self.deadline - time.monotonic()

    @property
    def is_expired(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    async def only(self) -> bytes:
        """The one message of a call, once its body has ended; raises BodyLate if that takes too long."""
        with self._body_timeout.waiting():
            piece = await self._piece()
            if self._is_whole and (message := self._frames.whole(piece)) is not None:
                return message
            self._frames.add(piece)
            while not self._is_whole and self._frames.has_room:
                self._frames.add(await self._piece())
        first = self._frames.next()
        if first is None:
            self._frames.end()
            raise BadMessage("The call has no message, allowed: one.")
        return first

    async def first(self) -> bytes:
        """The first message, though more may come; empty if there is none."""
        with self._body_timeout.waiting():
            while (message := self._frames.next()) is None and not self._is_whole:
                self._frames.add(await self._piece())
        return message or b""

    async def next(self) -> bytes | None:
        """The next message of a stream; None at its end."""
        while (message := self._frames.next()) is None:
            if self._is_whole:
                self._frames.end()
                return None
            with self._idle_timeout.waiting():
                self._frames.add(await self._piece())
        return message

    async def _piece(self) -> bytes:
        event = await self._receive()
        self._check(event)
        self._is_whole = not event.get("more_body", False)
        return bytes(event["body"])

    async def look(self) -> None:
        """Raise CancelledError if the caller has left. Only once the body has ended."""
        self._check(await self._receive())

    def _check(self, event: MutableMapping[str, Any]) -> None:
        if event["type"] == "http.disconnect":
            self._leave()

    def _leave(self) -> None:
        self.has_left = True
        raise asyncio.CancelledError

    async def answer(self, message: bytes) -> None:
        """Send the only response, and that all went well."""
        try:
            await self._send(_START)
            await self._send({"type": "http.response.body", "body": wire.framed(message)})
            await self._send(_END_OK)
        except OSError:
            self._leave()

    async def write(self, message: bytes) -> None:
        """Send a response, and wait until there is room for another."""
        body = {"type": "http.response.body", "body": wire.framed(message), "more_body": True}
        try:
            if not self._has_started:
                self._has_started = True
                await self._send(_START)
            with self._idle_timeout.waiting():
                await self._send(body)
        except OSError:
            self._leave()

    async def end(self, status: status_pb2.Status) -> None:
        """Send the status."""
        trailers = wire.trailers(status)
        try:
            if self._has_started:
                await self._send({"type": "http.response.body", "body": b""})
                await self._send({"type": "http.response.trailers", "headers": trailers})
            else:
                headers = [wire.CONTENT_TYPE, *trailers]
                await self._send({"type": "http.response.start", "status": 200, "headers": headers})
                await self._send({"type": "http.response.body", "body": b""})
        except OSError:
            self.has_left = True
