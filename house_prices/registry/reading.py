"""Reading files of a registry that anybody may have written: bounded, regular, and inside the registry.

Every fault is a ModelDamaged that names the file. FileNotFoundError is left to the caller.
"""

import errno
import hashlib
import json
import math
import os
import stat
from pathlib import Path
from typing import Any, TypeVar

from house_prices.errors import ModelDamaged

LARGEST = 64 << 20
"""Bytes of a file that is read as a whole. A manifest has some kilobytes, an audit log a kilobyte a line."""
DEEPEST = 32
"""Levels of nesting in JSON. A manifest has six."""
LARGEST_INTEGER = 2**63
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
Value = TypeVar("Value")


def content(path: Path, root: Path, largest: int = LARGEST) -> bytes:
    """The bytes of a regular file below `root`, of `largest` at most."""
    with os.fdopen(_open(path, root), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        found = file.read(largest + 1) if size <= largest else b""
    if max(size, len(found)) > largest:
        raise ModelDamaged(f"{path} has more than {largest >> 20} MB, which no such file has.")
    return found


def sha256(path: Path, root: Path) -> str:
    """sha256 of a regular file below `root`, in hexadecimal."""
    with os.fdopen(_open(path, root), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(path: Path, root: Path) -> int:
    """A file's handle. It is opened without waiting: a pipe's writer may never come."""
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(root.resolve()):
            raise ModelDamaged(f"{path} is a link to {real}, outside of the registry.")
        handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        if isinstance(error, FileNotFoundError | PermissionError):
            raise
        if isinstance(error, OSError) and error.errno not in (errno.ELOOP, errno.ENXIO, errno.ENOTDIR):
            raise
        raise ModelDamaged(f"{path} is no regular file: {error}.") from error
    kind = stat.S_IFMT(os.fstat(handle).st_mode)
    if kind != stat.S_IFREG:
        os.close(handle)
        raise ModelDamaged(f"{path} is {_KINDS.get(kind, 'no regular file')}; a regular file is expected.")
    return handle


def parse(found: bytes, *, nan: bool = False) -> Any:
    """The value of JSON. Raises ValueError, also for numbers out of range and for what is nested too deep.

    `nan` allows NaN and Infinity, which are not JSON: a metric in the audit log may be that.
    """
    constant = float if nan else _no_number
    try:
        value = json.loads(found, parse_float=_finite, parse_int=_integer, parse_constant=constant)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    level = [value]
    for _ in range(DEEPEST):
        level = [one for outer in level for one in _inside(outer)]
        if not level:
            return value
    raise ValueError(f"it is nested deeper than {DEEPEST} levels")


def _inside(value: Any) -> list[Any]:
    """The objects and lists in a value."""
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [one for one in values if isinstance(one, dict | list)]


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large a number")
    return value


def _integer(text: str) -> int:
    if len(text) > 20 or abs(value := int(text)) > LARGEST_INTEGER:
        raise ValueError(f"{text[:20]}{'...' * (len(text) > 20)} is too large a number")
    return value


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number in JSON")


def typed(values: object, fields: dict[str, type | tuple[type, ...]]) -> dict[str, Any]:
    """An object's fields, each of its type. Raises ValueError for another; a bool is no integer here."""
    if not isinstance(values, dict):
        raise ValueError(f"an object is expected, this is {_named(type(values))}")
    for name, allowed in fields.items():
        kinds = allowed if isinstance(allowed, tuple) else (allowed,)
        if name not in values and type(None) not in kinds:
            raise ValueError(f"{name} is missing")
        found = values.get(name)
        if type(found) not in kinds:
            expected = " or ".join(map(_named, kinds))
            raise ValueError(f"{name} is {_named(type(found))}; {expected} is expected")
    return values


def number(value: object) -> int:
    """A version's number. Raises ValueError for what no version can be called."""
    if type(value) is not int or not 0 < value < 10**9:
        raise ValueError(f"{str(value)[:40]!r} is no version's number")
    return value


def _named(kind: type) -> str:
    words = {dict: "an object", list: "a list", str: "text", int: "an integer", float: "a number",
             bool: "true or false", type(None): "null"}  # fmt: skip
    return words.get(kind, kind.__name__)
