"""BYTES tensors of the Open Inference Protocol: each element with its length before it, in 4 bytes."""

import struct
from collections.abc import Iterable

from inference_server.errors import BadTensor

_length = struct.Struct("<I")


class TextReader:
    """Reads the texts of one input. Known texts, which most are, are looked up instead of decoded."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self._name = name
        self._known = {text.encode(): text for text in known}
        self._framed = {_length.pack(len(each)) + each: text for each, text in self._known.items()}

    def raw(self, raw: bytes, count: int) -> list[str]:
        """The elements of a raw tensor; raises BadTensor unless there are `count`."""
        found: list[str] = []
        at, size, framed = 0, len(raw), self._framed
        for element in range(count):
            if at + 4 > size:
                raise BadTensor(
                    f"{self._name}: came {element} elements in {size} bytes, allowed: {count} elements."
                )
            end = at + 4 + raw[at]  # of a text below 256 bytes, as known ones are; another is no key
            text = framed.get(raw[at:end])
            if text is None:
                text, end = self._unknown(raw, at, element)
            found.append(text)
            at = end
        if at != size:
            raise BadTensor(
                f"{self._name}: came {size - at} bytes behind the last of {count} elements, allowed: none."
            )
        return found

    def _unknown(self, raw: bytes, at: int, element: int) -> tuple[str, int]:
        end = at + 4 + _length.unpack_from(raw, at)[0]
        if end > len(raw):
            raise BadTensor(
                f"{self._name}: element {element} would end at byte {end}, but came only {len(raw)} bytes."
            )
        return self._decoded(raw[at + 4 : end]), end

    def typed(self, elements: Iterable[bytes]) -> list[str]:
        """The elements of a typed tensor."""
        known = self._known
        return [known.get(element) or self._decoded(element) for element in elements]

    def _decoded(self, element: bytes) -> str:
        try:
            return element.decode()
        except UnicodeDecodeError as error:
            raise BadTensor(f"{self._name}: came an element that is not UTF-8: {error.reason}.") from error
