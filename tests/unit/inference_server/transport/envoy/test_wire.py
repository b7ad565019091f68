"""gRPC's format over HTTP/2."""

import gzip
import zlib

import pytest
from google.rpc import code_pb2, status_pb2

from inference_server.errors import BadMessage, MessageTooLarge, MethodNotFound
from inference_server.transport.envoy import wire

MOST = 1000


def frames(encoding: str = "identity") -> wire.Frames:
    return wire.Frames({"grpc-encoding": encoding}, most_bytes=MOST)


def compressed(message: bytes) -> bytes:
    return b"\1" + len(message).to_bytes(4, "big") + message


def test_messages_are_put_together_however_their_bytes_arrive() -> None:
    body = wire.framed(b"one") + wire.framed(b"") + wire.framed(b"three")
    came, found = frames(), []
    for byte in body:
        came.add(bytes([byte]))
        while (message := came.next()) is not None:
            found.append(message)
    came.end()
    assert found == [b"one", b"", b"three"]


def test_a_body_of_exactly_one_message_needs_no_buffer() -> None:
    assert wire.only(wire.framed(b"one"), most_bytes=MOST) == b"one"
    for other in (b"", b"\0\0", wire.framed(b"one")[:-1], wire.framed(b"one") * 2, compressed(b"one")):
        assert wire.only(other, most_bytes=MOST) is None


def test_a_body_that_ends_inside_of_a_message_is_a_bad_message() -> None:
    came = frames()
    came.add(wire.framed(b"one")[:-1])
    assert came.next() is None
    with pytest.raises(BadMessage, match="7 bytes into a message"):
        came.end()


def test_a_message_that_is_announced_as_too_large_is_refused_before_it_arrives() -> None:
    came = frames()
    came.add(b"\0" + (MOST + 1).to_bytes(4, "big"))
    with pytest.raises(MessageTooLarge, match="1001 bytes"):
        came.next()


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_compressed_messages_are_read(encoding: str, pack: object) -> None:
    came = frames(encoding)
    came.add(compressed(pack(b"house" * 20)))  # type: ignore[operator]
    assert came.next() == b"house" * 20


def test_a_bomb_is_refused_at_the_limit() -> None:
    came = frames("gzip")
    came.add(compressed(gzip.compress(bytes(100_000))))
    with pytest.raises(MessageTooLarge, match="at least 1001 bytes, allowed: at most 1000"):
        came.next()


@pytest.mark.parametrize(
    ("encoding", "message", "error"),
    [
        ("br", b"x", MethodNotFound),
        ("identity", b"x", MethodNotFound),
        ("gzip", b"no gzip", BadMessage),
        ("gzip", gzip.compress(b"house" * 20, mtime=0)[:-9], BadMessage),
    ],
)
def test_what_cannot_be_decompressed_is_refused(
    encoding: str, message: bytes, error: type[Exception]
) -> None:
    came = frames(encoding)
    came.add(compressed(message))
    with pytest.raises(error):
        came.next()


def test_binary_metadata_may_lack_padding() -> None:
    found = wire.metadata(
        [(b"a", b"1"), (b"a", b"2"), (b"t-bin", b"AQI"), (b"u-bin", b"AQI="), (b"v-bin", b"%")]
    )
    assert found == {"a": "2", "t-bin": b"\1\2", "u-bin": b"\1\2", "v-bin": b""}


@pytest.mark.parametrize(("text", "seconds"), [("5S", 5.0), ("1500m", 1.5), ("2H", 7200.0), ("100u", 0.0001)])
def test_timeouts_are_read(text: str, seconds: float) -> None:
    assert wire.seconds_left({"grpc-timeout": text}) == pytest.approx(seconds)
    assert wire.seconds_left({}) is None


@pytest.mark.parametrize("text", ["", "5", "S", "5s", "-5S", "123456789S", "\u0665S"])
def test_a_timeout_that_is_none_is_a_bad_message(text: str) -> None:
    with pytest.raises(BadMessage, match="grpc-timeout"):
        wire.seconds_left({"grpc-timeout": text})


def test_a_status_travels_as_printable_ascii() -> None:
    status = status_pb2.Status(code=code_pb2.NOT_FOUND, message="100% of 2 \u20ac\n")
    assert wire.trailers(status) == [(b"grpc-status", b"5"), (b"grpc-message", b"100%25 of 2 %E2%82%AC%0A")]
    assert wire.trailers(status_pb2.Status()) == [(b"grpc-status", b"0")]
