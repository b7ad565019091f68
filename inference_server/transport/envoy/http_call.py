"""One gRPC call as an ASGI server gives it: messages in, messages and a status out."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from google.rpc import status_pb2

from inference_server.errors import BadMessage
from inference_server.rpc.method import Metadata
from inference_server.transport.caller_timeout import Waiter, Waiting
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
        "_frames", "_has_started", "_is_whole", "_metadata", "_receive", "_send", "_served", "_task",
        "deadline", "has_left",
    )  # fmt: skip

    def __init__(
        self, metadata: Metadata, receive: Receive, send: Send, served: Served, task: Waiter
    ) -> None:
        """`task` is cancelled if it waits too long for the caller."""
        self._receive = receive
        self._send = send
        self._served = served
        self._task = task
        self._metadata = metadata
        self._frames: wire.Frames | None = None
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
        with Waiting(self._served.body_timeout, self._task):
            piece = await self._piece()
            if self._is_whole:
                message = wire.only(piece, most_bytes=self._served.dispatcher.max_message_bytes)
                if message is not None:
                    return message
            frames = self._arrived(piece)
            while not self._is_whole and frames.has_room:
                frames.add(await self._piece())
        first = frames.next()
        if first is None:
            frames.end()
            raise BadMessage("The call has no message, allowed: one.")
        return first

    async def first(self) -> bytes:
        """The first message, though more may come; empty if there is none."""
        frames = self._arrived(b"")
        with Waiting(self._served.body_timeout, self._task):
            while (message := frames.next()) is None and not self._is_whole:
                frames.add(await self._piece())
        return message or b""

    async def next(self) -> bytes | None:
        """The next message of a stream; None at its end."""
        frames = self._arrived(b"")
        while (message := frames.next()) is None:
            if self._is_whole:
                frames.end()
                return None
            with Waiting(self._served.idle_timeout, self._task):
                frames.add(await self._piece())
        return message

    def _arrived(self, piece: bytes) -> wire.Frames:
        if self._frames is None:
            self._frames = wire.Frames(self._metadata, most_bytes=self._served.dispatcher.max_message_bytes)
        self._frames.add(piece)
        return self._frames

    async def _piece(self) -> bytes:
        event = await self._receive()
        if event["type"] == "http.disconnect":
            self._leave()
        self._is_whole = not event.get("more_body", False)
        return bytes(event["body"])

    async def look(self) -> None:
        """Raise CancelledError if the caller has left. Only once the body has ended."""
        event = await self._receive()
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
            with Waiting(self._served.idle_timeout, self._task):
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
