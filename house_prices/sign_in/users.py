"""Users and their passwords: a file of lines `name:hash`, the hash by Argon2id (RFC 9106) with a salt."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from argon2.low_level import Type

from house_prices.errors import SignInError

_HASHER = PasswordHasher(type=Type.ID)
_MADE_BY = "Lines are made by: house-prices gateway user NAME"


def line(name: str, password: str) -> str:
    """A user's line. Raises SignInError for a name that the file cannot hold."""
    if not name or ":" in name or not name.isprintable():
        raise SignInError(f"Came the name {name!r}, allowed: printable characters except a colon.")
    return f"{name}:{_HASHER.hash(password)}"


@dataclass(frozen=True)
class Users:
    """The file, which is read anew for every question: a user who is removed is out at once."""

    file: Path

    def hashes(self) -> dict[str, str]:
        """Password hashes by name. Raises SignInError for a file that is none of such lines."""
        try:
            lines = self.file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SignInError(f"{self.file} cannot be read: {error}. {_MADE_BY}") from error
        found = dict(_read(self.file, lines))
        if not found:
            raise SignInError(f"{self.file} names no user. {_MADE_BY}")
        return found

    def knows(self, name: str, password: str) -> bool:
        """Whether the password is the user's. An unknown name takes as long as a known one."""
        known = self.hashes().get(name)
        try:
            return _HASHER.verify(known or _NOBODYS, password) and known is not None
        except VerificationError:
            return False


def _read(file: Path, lines: list[str]) -> Iterator[tuple[str, str]]:
    for number, text in enumerate(lines, start=1):
        name, _, hashed = text.strip().partition(":")
        if not name:
            continue
        if not hashed.startswith("$argon2id$"):
            raise SignInError(
                f"{file}, line {number}: the password of {name!r} is no Argon2id hash. {_MADE_BY}"
            )
        yield name, hashed


_NOBODYS = _HASHER.hash("nobody's")
