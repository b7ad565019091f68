"""Reading a TOML or JSON table key by key, keeping every fault instead of stopping at the first."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

_REQUIRED = object()
QUESTION = "?"
"""Stands in a draft for what only a person can answer."""
_LARGEST = 1e300
"""Numbers beyond it are as good as endless."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A text that a draft may leave to be answered."""

    pattern: str
    """That every answer matches as a whole."""
    question: str
    """What to write in which case."""
    allowed: str


class Table:
    """A table being read. Each key is taken once; what nobody took is a fault too.

    A faulty key gives a harmless value of its type, so that reading goes on to the next fault.
    """

    def __init__(self, values: object, path: str, faults: list[str]) -> None:
        self._path = path
        self._faults = faults
        self._taken: set[str] = set()
        self.sound = True
        """Whether no key of this table was at fault so far; the tables below it don't count."""
        self._values: Mapping[str, object] = {}
        if isinstance(values, Mapping):
            self._values = values
        else:
            self._keep(f"{path}: came {values!r}, allowed: a table")

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def keys(self) -> tuple[str, ...]:
        """The keys that stand in the table, as written."""
        return tuple(self._values)

    def fault(self, key: str, came: object, allowed: str) -> None:
        """Keep a fault of `key`: what came, and what is allowed."""
        self._keep(f"{self._where(key)}: came {came!r}, allowed: {allowed}")

    def text(
        self, key: str, default: object = _REQUIRED, *, pattern: str = "", one_of: Sequence[str] = ()
    ) -> str:
        """A string, which may have to match `pattern` as a whole or be one of a few."""
        allowed = f"one of {', '.join(one_of)}" if one_of else "text"
        value = self._take(key, default, allowed)
        if not isinstance(value, str):
            self._wrong(key, value, allowed)
            return ""
        if pattern and not re.fullmatch(pattern, value):
            self._wrong(key, value, f"text matching {pattern}")
            return value
        if one_of and value not in one_of:
            self._wrong(key, value, allowed)
            return one_of[0]
        return value

    def answer(self, key: str, default: str, choice: Choice) -> str:
        """A string that has to match, and has been answered if a draft asked for it."""
        value = self._take(key, default, choice.allowed)
        if value == QUESTION:
            self._keep(f"{self._where(key)}: is still a question. Write {choice.question}")
        elif value != default and not (isinstance(value, str) and re.fullmatch(choice.pattern, value)):
            self._wrong(key, value, choice.allowed)
        return value if isinstance(value, str) else default

    def number(
        self, key: str, default: object = _REQUIRED, *, low: float = -_LARGEST, high: float = _LARGEST
    ) -> float:
        """A finite number from `low` to `high`."""
        allowed = "a number" if (low, high) == (-_LARGEST, _LARGEST) else f"a number from {low:g} to {high:g}"
        value = self._take(key, default, allowed)
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            self._wrong(key, value, allowed)
            return 0.0
        return float(value)

    def optional_number(self, key: str) -> float | None:
        """A number, or None where the key is absent."""
        self._taken.add(key)
        return self.number(key) if key in self else None

    def whole(self, key: str, default: object = _REQUIRED, *, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        allowed = f"a whole number from {low} to {high}"
        value = self._take(key, default, allowed)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self._wrong(key, value, allowed)
            return low
        return value

    def truth(self, key: str, default: object = _REQUIRED) -> bool:
        """True or false."""
        value = self._take(key, default, "true or false")
        if not isinstance(value, bool):
            self._wrong(key, value, "true or false")
            return False
        return value

    def texts(self, key: str, default: Sequence[str] = ()) -> tuple[str, ...]:
        """A list of distinct strings; a lone string is a list of one."""
        value = self._take(key, list(default), "a list of texts")
        value = [value] if isinstance(value, str) else value
        items = tuple(value) if isinstance(value, list | tuple) else (None,)
        texts = tuple(item for item in items if isinstance(item, str))
        if len(set(texts)) < len(items):
            self._wrong(key, value, "a list of distinct texts")
            return ()
        return texts

    def scalar(self, key: str) -> bool | float | str | None:
        """A truth, number or string, or None where the key is absent."""
        value = self._take(key, None, "a value")
        if value is None or isinstance(value, bool | str):
            return value
        if _is_scalar(value):
            return float(cast(float, value))
        self._wrong(key, value, "true, false, a number or text")
        return None

    def scalars(self, key: str) -> tuple[object, ...]:
        """A list of at least one truth, number or string."""
        value = self._take(key, _REQUIRED, "a list of values")
        items = tuple(value) if isinstance(value, list | tuple) else ()
        if not items or not all(map(_is_scalar, items)):
            self._wrong(key, value, "a list of at least one truth, number or text")
            return ()
        return items

    def table(self, key: str) -> "Table":
        """The table below `key`; an absent one reads as empty."""
        return Table(self._take(key, {}, "a table"), self._where(key), self._faults)

    def tables(self, key: str) -> list["Table"]:
        """The list of tables below `key`, at least one."""
        value = self._take(key, _REQUIRED, "a list of tables")
        if not isinstance(value, list | tuple) or not value:
            self._wrong(key, value, "a list of at least one table")
            return []
        return [Table(item, f"{self._where(key)}[{at}]", self._faults) for at, item in enumerate(value)]

    def close(self) -> None:
        """Say which keys nobody takes. Call it when every known key has been taken."""
        for key in self._values:
            if key not in self._taken:
                known = ", ".join(sorted(self._taken)) or "nothing"
                self._keep(f"{self._where(key)}: an unknown key, allowed: {known}")

    def _keep(self, fault: str) -> None:
        self._faults.append(fault)
        self.sound = False

    def _where(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _take(self, key: str, default: object, allowed: str) -> object:
        self._taken.add(key)
        value = self._values.get(key, default)
        if value is _REQUIRED:
            self._keep(f"{self._where(key)}: is missing, allowed: {allowed}")
        return value

    def _wrong(self, key: str, value: object, allowed: str) -> None:
        if value is not _REQUIRED:
            self.fault(key, value, allowed)


def _is_scalar(value: object) -> bool:
    """Whether it is a truth, text, or a number that is neither NaN nor endless."""
    if isinstance(value, bool | str):
        return True
    return isinstance(value, int | float) and -_LARGEST <= value <= _LARGEST
