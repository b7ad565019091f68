"""The options for connecting to a server: address, TLS and token."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from house_prices.contract.schema import Contract

if TYPE_CHECKING:
    from inference_server.client import Client, Tls

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_THIS_MACHINE = ("127.", "localhost:", "[::1]:", "unix:")


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How to reach one server."""

    address: str
    tls: "Tls | None"
    """None for an unencrypted connection."""
    token: str | None = field(repr=False)

    def client(self, contract: Contract) -> "Client":
        """A client for prices of a market from this server."""
        from inference_server.client import Client

        return Client(self.address, contracts=[contract], tls=self.tls, token=self.token)


def connection_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options to a command, which gets the result as `connection`."""

    @click.option("--address", default="127.0.0.1:8001", envvar="HOUSE_PRICES_ADDRESS", help="Server to ask.")
    @click.option("--tls-ca", type=_FILE, help="PEM of the server's CA; turns on TLS.")
    @click.option("--tls-cert", type=_FILE, help="PEM of a client certificate, if required.")
    @click.option("--tls-key", type=_FILE, help="PEM of its key.")
    @click.option("--token-file", type=_FILE, help="File with a token in its first line.")
    @wraps(command)
    def connected(
        *arguments: Any,
        address: str,
        tls_ca: Path | None,
        tls_cert: Path | None,
        tls_key: Path | None,
        token_file: Path | None,
        **others: Any,
    ) -> None:
        tls, token = _tls(tls_ca, tls_cert, tls_key), _token(token_file)
        if token and not tls and not address.startswith(_THIS_MACHINE):
            click.echo(f"The token goes to {address} unencrypted; --tls-ca FILE turns on TLS.", err=True)
        command(*arguments, connection=Connection(address=address, tls=tls, token=token), **others)

    return connected


def _tls(ca: Path | None, certificate: Path | None, key: Path | None) -> "Tls | None":
    from inference_server.client import Tls

    if (certificate is None) != (key is None):
        raise click.UsageError("--tls-cert FILE and --tls-key FILE go together.")
    if ca is None and certificate is None:
        return None
    return Tls(ca=_read(ca), certificate=_read(certificate), key=_read(key))


def _token(file: Path | None) -> str | None:
    """The first token in a file that, like the server's, has one token a line."""
    if file is None:
        return None
    words = (_read(file) or b"").decode(errors="replace").split()
    if not words or not words[0].isascii():
        raise click.UsageError(f"--token-file: {file} has no token, allowed: one in the first line.")
    return words[0]


def _read(file: Path | None) -> bytes | None:
    try:
        return file.read_bytes() if file else None
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}") from error
