"""Certificates that are replaced under load: by broken ones, and by those of another authority."""

import signal
import time
from pathlib import Path

import trustme

from benchmarks.server import Server, serving
from benchmarks.soaking import huts
from benchmarks.soaking.callers import Callers
from benchmarks.soaking.result import Result, counted, result_of
from house_prices.registry import Registry
from inference_server.client import Tls

TIMES = 3


class Files:
    """The server's certificate and key, and the authorities that have signed one so far."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self.key = folder / "server.pem", folder / "server.key"
        self.authorities = b""
        self.replace()

    def replace(self) -> bytes:
        """A certificate of a new authority, which is returned."""
        authority = trustme.CA()
        issued = authority.issue_cert("localhost", "127.0.0.1")
        self.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        self.key.write_bytes(issued.private_key_pem.bytes())
        self.authorities += authority.cert_pem.bytes()
        return authority.cert_pem.bytes()

    def damage(self) -> None:
        """A certificate that is none."""
        self.certificate.write_text("no certificate")


def reloading(registry: Registry) -> Result:
    """Open connections go on, and new ones see the last certificate that can be used."""
    huts.promoted(registry)
    files = Files(registry.root.parent)
    flags = ["--tls-cert", str(files.certificate), "--tls-key", str(files.key)]
    with serving(registry, *flags) as server:
        newest = files.authorities
        with Callers(server.address, threads=2, tls=Tls(ca=newest)) as lasting:
            sound = [_are_served(server, newest)]
            for _ in range(TIMES):
                files.damage()
                _reload(server, "not reloaded")
                sound.append(_are_served(server, newest))
                newest = files.replace()
                _reload(server, "reloaded")
                sound.append(_are_served(server, newest))
    facts = f"{TIMES} broken and {TIMES} new certificates, {counted(lasting.codes)}"
    return result_of(
        facts,
        new_connections_see_the_last_that_can_be_used=all(sound),
        open_connections_go_on=not lasting.failures,
        every_price_its_versions=not lasting.wrong,
    )


def _reload(server: Server, event: str) -> None:
    before = len(server.lines(event))
    server.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 10
    while len(server.lines(event)) == before and time.monotonic() < end:
        time.sleep(0.02)


def _are_served(server: Server, authority: bytes) -> bool:
    """Whether a caller that trusts this authority alone is, on a new connection."""
    with Callers(server.address, threads=1, tls=Tls(ca=authority)) as callers:
        time.sleep(0.5)
    return callers.codes["OK"] > 0 and not callers.failures
