"""The server's certificate files, read at the start and on reload. Without gRPC."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inference_server.settings import BadSettings, Settings


@dataclass(frozen=True, kw_only=True)
class Pem:
    """Certificates and key, each in PEM."""

    certificate: bytes
    """The server's certificate and its intermediates."""
    key: bytes
    client_ca: bytes | None
    """The CA of client certificates; None if clients need none."""


class Certificates:
    """The files that the settings name. Reloading files that do not match changes nothing."""

    def __init__(self, certificate: Path, key: Path, client_ca: Path | None) -> None:
        self._certificate = certificate
        self._key = key
        self._client_ca = client_ca
        self.pem = self._read()
        self._is_new = False
        self._listeners: list[Callable[[Pem], None]] = []

    def on_change(self, listener: Callable[[Pem], None]) -> None:
        """Call this with certificates that were reloaded."""
        self._listeners.append(listener)

    def reload(self) -> None:
        """Read the files again; raises BadSettings."""
        pem = self._read()
        self._is_new = self._is_new or pem != self.pem
        self.pem = pem
        for listener in self._listeners:
            listener(pem)

    def newer(self) -> Pem | None:
        """The reloaded files, once; None if nothing new was loaded since."""
        if not self._is_new:
            return None
        self._is_new = False
        return self.pem

    def _read(self) -> Pem:
        try:
            pem = self._bytes()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificate, self._key, password="")
            if self._client_ca:
                context.load_verify_locations(self._client_ca)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise BadSettings(
                f"TLS: {self._certificate}, {self._key}"
                + (f" or {self._client_ca}" if self._client_ca else "")
                + f" cannot be used: {_reason(error)}. Allowed: PEM files, the key not encrypted and of the "
                "certificate; see --tls-cert, --tls-key and --tls-client-ca."
            ) from None
        if pem != self._bytes():
            raise BadSettings("TLS: the files changed while they were read. Reload once all are in place.")
        return pem

    def _bytes(self) -> Pem:
        return Pem(
            certificate=self._certificate.read_bytes(),
            key=self._key.read_bytes(),
            client_ca=self._client_ca.read_bytes() if self._client_ca else None,
        )


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return error.reason or "no usable PEM"
    return str(error.strerror) if isinstance(error, OSError) else "the key is encrypted"


def of(settings: Settings) -> Certificates | None:
    """The certificates that the settings name; None without TLS. Raises BadSettings."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return Certificates(settings.tls_cert, settings.tls_key, settings.tls_client_ca)
