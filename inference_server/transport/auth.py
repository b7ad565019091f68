"""Who may call what: roles, proved by a bearer token or by a client certificate. Without gRPC."""

import hashlib
import hmac
import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from inference_server.errors import NoCredentials, NotAllowed
from inference_server.rpc.role import Role
from inference_server.settings import BadSettings, Settings

LEAST_CHARACTERS = 16
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""A bearer token by RFC 6750: no comment and no blank fits."""


class Tokens:
    """The tokens of a file, one a line, so that an old and a new one can be valid at once."""

    def __init__(self, path: Path, setting: str) -> None:
        self._path = path
        self._setting = setting
        self._digests = self._read()

    def reload(self) -> None:
        """Read the file again; raises BadSettings and keeps the former tokens if it cannot be used."""
        self._digests = self._read()

    def has(self, token: str) -> bool:
        """Whether the token is one of them, in constant time."""
        digest = _digest(token)
        return any([hmac.compare_digest(digest, known) for known in self._digests])  # noqa: C419  # all of them

    def _read(self) -> tuple[bytes, ...]:
        try:
            with self._path.open() as file:
                if os.fstat(file.fileno()).st_mode & (stat.S_IROTH | stat.S_IWOTH):
                    raise BadSettings(
                        f"{self._setting}: every user of this machine may use {self._path}, allowed: its "
                        f"owner and group. Run: chmod o= {self._path}"
                    )
                lines = file.read().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BadSettings(f"{self._setting}: {self._path} cannot be read: {_reason(error)}") from None
        if not lines:
            raise BadSettings(f"{self._setting}: {self._path} is empty, allowed: a token on each line.")
        for number, line in enumerate(lines, start=1):
            if len(line) < LEAST_CHARACTERS or not _TOKEN.fullmatch(line):
                raise BadSettings(
                    f"{self._setting}: line {number} of {self._path} is no token, allowed: at least "
                    f"{LEAST_CHARACTERS} letters, digits or -._~+/=, and nothing else. "
                    "Make one with: openssl rand -base64 32"
                )
        return tuple(map(_digest, lines))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def _reason(error: Exception) -> str:
    """Why a file cannot be read, without any of its content."""
    return str(error.strerror) if isinstance(error, OSError) else "it is not text"


@dataclass(frozen=True, kw_only=True)
class Authorization:
    """Checks callers' credentials."""

    inference: Tokens | None
    admin: Tokens | None
    trusts_clients: bool
    """Whether a client certificate that passed the TLS handshake proves the role inference."""
    admin_subjects: frozenset[str]
    """Names of client certificates that prove the role admin."""

    def check(
        self,
        path: str,
        role: Role,
        metadata: Mapping[str, str | bytes],
        names: Callable[[], Sequence[str]],
    ) -> None:
        """Raise NoCredentials or NotAllowed unless the caller has the role that the path needs.

        `names` gives those of a client certificate that was checked.
        """
        token = _bearer(metadata)
        certified = names() if self.trusts_clients else ()
        shown = max(self._open(), self._by_token(token), self._by_name(certified))
        if shown >= role:
            return
        if not token and not certified:
            raise NoCredentials(f"{path} needs the role {role.name.lower()}. {self._what_to_show(role)}")
        if shown is Role.NONE:
            raise NoCredentials(f"The credentials are unknown. {self._what_to_show(role)}")
        raise NotAllowed(
            f"{path} needs the role {role.name.lower()}, the caller has {shown.name.lower()}. "
            f"{self._what_to_show(role)}"
        )

    def reload(self) -> None:
        """Read the token files again; raises BadSettings."""
        for tokens in (self.inference, self.admin):
            if tokens:
                tokens.reload()

    def _open(self) -> Role:
        return Role.NONE if self.inference or self.trusts_clients else Role.INFERENCE

    def _by_token(self, token: str) -> Role:
        if token and self.admin and self.admin.has(token):
            return Role.ADMIN
        return Role.INFERENCE if token and self.inference and self.inference.has(token) else Role.NONE

    def _by_name(self, certified: Sequence[str]) -> Role:
        if not self.admin_subjects.isdisjoint(certified):
            return Role.ADMIN
        return Role.INFERENCE if certified and not self.inference else Role.NONE

    def _what_to_show(self, role: Role) -> str:
        ways = []
        if self.admin or (self.inference and role is Role.INFERENCE):
            ways.append(f"metadata 'authorization: Bearer <token>' with a token for {role.name.lower()}")
        if self.admin_subjects and role is Role.ADMIN:
            ways.append("a client certificate of a name that --admin-subject allows")
        if not ways:
            return "This server gives that role to nobody: see --admin-token-file and --admin-subject."
        return f"Send {', or '.join(ways)}."


def of(settings: Settings) -> Authorization | None:
    """The authorization that the settings ask for; None if they ask for none. Raises BadSettings."""
    if not (settings.inference_token_file or settings.admin_token_file or settings.tls_client_ca):
        return None
    inference, admin = settings.inference_token_file, settings.admin_token_file
    return Authorization(
        inference=Tokens(inference, "--inference-token-file") if inference else None,
        admin=Tokens(admin, "--admin-token-file") if admin else None,
        trusts_clients=settings.tls_client_ca is not None,
        admin_subjects=frozenset(settings.admin_subject),
    )


def _bearer(metadata: Mapping[str, str | bytes]) -> str:
    """The bearer token in the metadata; empty if there is none."""
    scheme, _, token = str(metadata.get("authorization", "")).partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
