"""BYTES tensors of the Open Inference Protocol: each element with its length before it, in 4 bytes."""

import struct
from collections.abc import Iterable, Iterator, Mapping

from inference_server.errors import BadTensor

_length = struct.Struct("<I").unpack_from


def split(raw: bytes, count: int, name: str) -> Iterator[bytes]:
    """The elements of a raw tensor; raises BadTensor where they are not `count`."""
    at, size = 0, len(raw)
    for element in range(count):
        if at + 4 > size:
            raise BadTensor(f"{name}: came {element} elements in {size} bytes, allowed: {count} elements.")
        end = at + 4 + _length(raw, at)[0]
        if end > size:
            raise BadTensor(f"{name}: element {element} would end at byte {end}, but came only {size} bytes.")
        yield raw[at + 4 : end]
        at = end
    if at != size:
        raise BadTensor(f"{name}: came {size - at} bytes behind the last of {count} elements, allowed: none.")


def decode(elements: Iterable[bytes], known: Mapping[bytes, str], name: str) -> list[str]:
    """The elements as text; most are among the known ones, and need no decoding."""
    try:
        return [known.get(element) or element.decode() for element in elements]
    except UnicodeDecodeError as error:
        raise BadTensor(f"{name}: came an element that is no UTF-8 text: {error.reason}.") from error
