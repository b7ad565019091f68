"""Certificates of a test's own authority, as files."""

from dataclasses import dataclass
from pathlib import Path

import trustme

from inference_server.client import Tls

NAME = "prices.test"


@dataclass(frozen=True, kw_only=True)
class Authority:
    """Signs for servers and for clients."""

    folder: Path
    ca: trustme.CA

    @property
    def flags(self) -> list[str]:
        """Those of a server with TLS."""
        return ["--tls-cert", str(self.folder / "server.pem"), "--tls-key", str(self.folder / "server.key")]

    @property
    def mutual(self) -> list[str]:
        """Those of a server that wants client certificates, too."""
        self.ca.cert_pem.write_to_path(str(self.folder / "ca.pem"))
        return [*self.flags, "--tls-client-ca", str(self.folder / "ca.pem")]

    def issue_for_server(self, name: str = NAME) -> None:
        """A new certificate and key in the place of the former."""
        issued = self.ca.issue_cert(name)
        (self.folder / "server.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(str(self.folder / "server.key"))

    def client(self, name: str | None = None, *, server: str = NAME) -> Tls:
        """What a client trusts, and its own certificate where it has a name."""
        ca = self.ca.cert_pem.bytes()
        if name is None:
            return Tls(ca=ca, server_name=server)
        issued = self.ca.issue_cert(name, common_name=name)
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        return Tls(ca=ca, certificate=chain, key=issued.private_key_pem.bytes(), server_name=server)


def authority(folder: Path) -> Authority:
    """A new one, with a certificate for a server."""
    made = Authority(folder=folder, ca=trustme.CA())
    made.issue_for_server()
    return made
