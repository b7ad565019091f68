"""Houses as people write them, as names and values, into a market's messages.

A flag may be 0 or 1, a number may stand in quotes as protobuf's JSON allows, a whole number may be 2.0, and
a name may be in camelCase. Whether a value is allowed is for the contract to say; this is about types.
"""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from inference_server.errors import FieldFault, listed, quoted

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_FLAGS = {"true": True, "false": False, "1": True, "0": False}
INT32 = 2**31


class WrongType(ValueError):
    """The value cannot be one of its field. Says what came and what is allowed."""


class HouseReader:
    """Reads the houses of one market."""

    def __init__(self, house: Any) -> None:
        """`house` is the message class."""
        self._house = house
        described: Descriptor = house.DESCRIPTOR
        self._names = list(described.fields_by_name)
        fields = {**described.fields_by_camelcase_name, **described.fields_by_name}
        self._read = {name: (field.name, _READERS[field.type]) for name, field in fields.items()}

    def read(self, values: Mapping[str, object], path: str, faults: list[FieldFault]) -> Any:
        """A House of what can be read; adds what cannot to `faults`, whose fields begin with `path`."""
        found = {}
        for name, value in values.items():
            if value is None:
                continue
            try:
                field, read = self._read[name]
                found[field] = read(value)
            except KeyError:
                faults.append(FieldFault(field=f"{path}{shortened(name)}", description=self._unknown(name)))
            except WrongType as error:
                faults.append(FieldFault(field=f"{path}{field}", description=str(error)))
        return self._house(**found)

    def _unknown(self, name: str) -> str:
        return f"is not a feature.{meant(name, self._names)} Allowed: {listed(self._names)}"


def meant(name: str, names: list[str]) -> str:
    """The name that was probably meant, as a question; empty if none is close."""
    close = get_close_matches(name, names, n=1)
    return f" Did you mean {close[0]}?" if close else ""


def shortened(name: str) -> str:
    """A caller's name for a field, in a path."""
    return quoted(name)[1:-1]


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    raise WrongType(f"came {_came(value)}, allowed: a number")


def _whole(value: object) -> int:
    if type(value) is int and -INT32 <= value < INT32:
        return value
    try:
        number = _number(value)
    except WrongType:
        number = 0.5
    if not number.is_integer() or not -INT32 <= number < INT32:
        raise WrongType(f"came {_came(value)}, allowed: a whole number")
    return int(number)


def _flag(value: object) -> bool:
    if value is True or value is False:
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.strip() in _FLAGS:
        return _FLAGS[value.strip()]
    raise WrongType(f"came {_came(value)}, allowed: true or false, or 1 or 0")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise WrongType(f"came {_came(value)}, allowed: a text")


def _came(value: object) -> str:
    """A value as JSON names it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list | tuple | dict):
        return "an object" if isinstance(value, dict) else "a list"
    return str(value)[:40]


_READERS: dict[int, Callable[[object], Any]] = {
    FieldDescriptor.TYPE_DOUBLE: _number,
    FieldDescriptor.TYPE_INT32: _whole,
    FieldDescriptor.TYPE_BOOL: _flag,
    FieldDescriptor.TYPE_STRING: _text,
}
