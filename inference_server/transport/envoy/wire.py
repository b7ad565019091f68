"""gRPC over HTTP/2: frames, compression, metadata, deadlines and statuses.

The format is https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.
"""

import binascii
import itertools
import zlib
from collections.abc import Iterable
from typing import TypeAlias
from urllib.parse import quote

from google.rpc import code_pb2, status_pb2

from inference_server.errors import BadMessage, MessageTooLarge, MethodNotFound
from inference_server.rpc.method import Metadata

Headers: TypeAlias = list[tuple[bytes, bytes]]
PREFIX = 5
"""Bytes before a message: whether it is compressed, and its length."""
CONTENT_TYPE = (b"content-type", b"application/grpc")
ACCEPTED = (b"grpc-accept-encoding", b"identity, deflate, gzip")
OK_TRAILERS: Headers = [(b"grpc-status", b"0")]
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
_UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


def metadata(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str | bytes]:
    """A call's metadata by key; the last value of a key. Keys that end in -bin have bytes."""
    text = b"\0".join(itertools.chain.from_iterable(headers)).decode("latin-1")  # headers have no zeros
    parts = text.split("\0")
    found: dict[str, str | bytes] = dict(zip(parts[::2], parts[1::2], strict=False))
    if "-bin\0" in text:
        for name, value in found.items():
            if name.endswith("-bin"):
                found[name] = binary(str(value).encode("latin-1"))
    return found


def binary(value: bytes) -> bytes:
    """The bytes of a -bin value, of which padding may be left out; of several values the last."""
    encoded = value.rpartition(b",")[2].strip()
    try:
        return binascii.a2b_base64(encoded + b"=" * (-len(encoded) % 4))
    except binascii.Error:
        return b""


def seconds_left(metadata: Metadata) -> float | None:
    """How long the caller waits from when it sent its headers; None if it never stops.

    Raises BadMessage for a timeout that is none.
    """
    text = metadata.get("grpc-timeout")
    if text is None:
        return None
    number, unit = str(text)[:-1], str(text)[-1:]
    if unit not in _UNITS or not number.isascii() or not number.isdigit() or len(number) > 8:
        raise BadMessage(f"grpc-timeout: came {str(text)[:40]!r}, allowed: up to 8 digits and one of HMSmun.")
    return int(number) * _UNITS[unit]


def only(body: bytes, *, most_bytes: int) -> bytes | None:
    """The message of a body that has exactly one, not compressed; None for any other body."""
    size = len(body) - PREFIX
    if size < 0 or size > most_bytes or body[:PREFIX] != b"\0" + size.to_bytes(4, "big"):
        return None
    return body[PREFIX:]


def framed(message: bytes) -> bytes:
    """A message as it travels, not compressed."""
    return b"\0" + len(message).to_bytes(4, "big") + message


class Frames:
    """The messages of one call, out of the pieces in which its body arrives."""

    __slots__ = ("_buffer", "_encoding", "_most")

    def __init__(self, metadata: Metadata, *, most_bytes: int) -> None:
        self._encoding = str(metadata.get("grpc-encoding", "identity"))
        self._most = most_bytes
        self._buffer = bytearray()

    def add(self, piece: bytes) -> None:
        """Add what has arrived."""
        self._buffer += piece

    @property
    def has_room(self) -> bool:
        """Whether one message of the largest size could still be arriving."""
        size = int.from_bytes(self._buffer[1:PREFIX], "big") if len(self._buffer) >= PREFIX else 0
        return size <= self._most and len(self._buffer) <= self._most + PREFIX

    def next(self) -> bytes | None:
        """The next message; None if it has not arrived yet. Raises MessageTooLarge before it has."""
        buffer = self._buffer
        if len(buffer) < PREFIX:
            return None
        size = int.from_bytes(buffer[1:PREFIX], "big")
        if size > self._most:
            raise MessageTooLarge(size, self._most)
        end = PREFIX + size
        if len(buffer) < end:
            return None
        message, is_compressed = bytes(buffer[PREFIX:end]), buffer[0]
        del buffer[:end]
        return self._inflated(message) if is_compressed else message

    def end(self) -> None:
        """The body has ended; raises BadMessage if it ended inside of a message."""
        if self._buffer:
            raise BadMessage(f"The body ended {len(self._buffer)} bytes into a message. Send all of it.")

    def _inflated(self, message: bytes) -> bytes:
        window = _WINDOWS.get(self._encoding)
        if window is None:
            raise MethodNotFound(
                f"grpc-encoding: came {self._encoding[:40]!r}, allowed: identity, deflate, gzip."
            )
        inflater = zlib.decompressobj(window)
        try:
            inflated = inflater.decompress(message, self._most + 1)
        except zlib.error as error:
            raise BadMessage(f"The message is not {self._encoding}: {error}.") from error
        if len(inflated) > self._most:
            raise MessageTooLarge(len(inflated), self._most, at_least=True)
        if not inflater.eof:
            raise BadMessage(f"The message is not {self._encoding}: it is cut off.")
        return inflated


def trailers(status: status_pb2.Status) -> Headers:
    """A call's end: status, message, and details if there are any."""
    if status.code == code_pb2.OK:
        return OK_TRAILERS
    found = [(b"grpc-status", b"%d" % status.code)]
    if status.message:
        found.append((b"grpc-message", quote(status.message, safe=_PRINTABLE).encode()))
    if status.details:
        encoded = binascii.b2a_base64(status.SerializeToString(), newline=False)
        found.append((b"grpc-status-details-bin", encoded.rstrip(b"=")))
    if status.code == code_pb2.UNIMPLEMENTED:
        found.append(ACCEPTED)
    return found
