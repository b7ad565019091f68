"""Attacks on the front door: what another site's page, an anonymous caller and a slow sender get."""

import base64
import html
import http.client
import http.server
import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from house_prices.contract import proto
from house_prices.gateway.settings import Address
from house_prices.registry import Registry
from tests import gateways, models, servers
from tests.gateways import PATH, Gateway
from tests.unit.gateway.test_gateway_settings import HOSTILE

pytestmark = gateways.needed
PASSWORD = "Basic " + base64.b64encode(b"ann:password").decode()
GRAPHQL = "/dagster/graphql"
LAUNCH = json.dumps({"query": "mutation { launchRun(executionParams: {}) { __typename } }"})
JSON, TEXT = "application/json", "text/plain"
EVIL = "http://evil.example"


class Ui(http.server.BaseHTTPRequestHandler):
    """Stands in for Dagster's webserver, and remembers what reaches it."""

    seen: list[str] = []  # noqa: RUF012

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.seen.append(f"{self.command} {self.path}")
        secrets = {"authorization", "cookie"} & {name.lower() for name in self.headers}
        assert not secrets, "the UI needs to know neither password nor session"
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Running]:
    registry = Registry(tmp_path_factory.mktemp("attacks") / "models")
    models.promote(registry, models.publish(registry))
    with servers.serving(registry.root) as running:
        running.says("model serves")
        yield running


@pytest.fixture(scope="module")
def gateway(server: servers.Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The front door with its UI, as Compose starts it."""
    folder = tmp_path_factory.mktemp("envoy")
    with (
        gateways.sign_in(folder) as sign_in,
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ui) as upstream,
    ):
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        ui = Address(host="127.0.0.1", port=upstream.server_port)
        with gateways.front_door(folder, server.port, ui=ui, sign_in=sign_in.address) as gateway:
            servers.eventually(gateway.is_ready)
            servers.eventually(lambda: gateway.ask("/dagster/sign-in").status == 200)
            yield gateway
        upstream.shutdown()


def ask(gateway: Gateway, method: str, path: str, body: str | None = None, **headers: str) -> int:
    """The status of one request, sent as written."""
    connection = http.client.HTTPConnection(gateway.address, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize("path", [GRAPHQL, "/dagster/report_asset_materialization/champion"])
@pytest.mark.parametrize(
    ("method", "origin", "content_type", "status"),
    [
        ("POST", EVIL, JSON, 403),
        ("POST", EVIL, TEXT, 403),
        ("POST", "null", JSON, 403),
        ("POST", "own", TEXT, 415),
        ("POST", "own", "application/x-www-form-urlencoded", 415),
        ("POST", "own", "multipart/form-data; boundary=application/json", 415),
        ("POST", "own", "text/plain, application/json", 415),
        ("POST", None, TEXT, 415),
        ("POST", None, None, 415),
        ("PUT", "own", JSON, 405),
        ("DELETE", None, None, 405),
        ("POST", "own", JSON, 200),
        ("POST", "own", "application/json; charset=utf-8", 200),
        ("POST", None, JSON, 200),  # no browser
    ],
)
def test_a_page_of_another_site_changes_nothing_with_the_users_password(
    gateway: Gateway, path: str, method: str, origin: str | None, content_type: str | None, status: int
) -> None:
    headers = {"authorization": PASSWORD}
    if origin:
        headers["origin"] = f"http://{gateway.address}" if origin == "own" else origin
    if content_type:
        headers["content_type"] = content_type
    Ui.seen.clear()
    assert ask(gateway, method, path, LAUNCH, **headers) == status
    assert len(Ui.seen) == (status == 200)


@pytest.mark.parametrize(
    "path",
    [
        "/dagster/graphql?query=mutation",
        "/dagster/graphql/?query=mutation",
        "/dagster/%67raphql?query=mutation",
        "/dagster/graph%71l?query=mutation",
        "/dagster/./graphql?query=mutation",
        "/dagster/x/../graphql?query=mutation",
        "/dagster//graphql?query=mutation",
    ],
)
def test_no_path_brings_a_mutation_in_a_get(gateway: Gateway, path: str) -> None:
    Ui.seen.clear()
    assert ask(gateway, "GET", path, authorization=PASSWORD) == 405
    assert Ui.seen == []


@pytest.fixture(scope="module")
def session(gateway: Gateway) -> str:
    """The cookie of one who has signed in."""
    connection = http.client.HTTPConnection(gateway.address, timeout=20)
    form = {"content-type": "application/x-www-form-urlencoded", "origin": f"http://{gateway.address}"}
    connection.request("POST", "/dagster/sign-in", "name=ann&password=password", form)
    answer = connection.getresponse()
    assert answer.status == 303
    return str(answer.headers["set-cookie"]).partition(";")[0]


@pytest.mark.parametrize(("origin", "status"), [("own", 200), (None, 200), (EVIL, 403), ("null", 403)])
def test_a_page_of_another_site_changes_nothing_with_the_users_session(
    gateway: Gateway, session: str, origin: str | None, status: int
) -> None:
    headers = {"cookie": session, "content_type": JSON}
    if origin:
        headers["origin"] = f"http://{gateway.address}" if origin == "own" else origin
    Ui.seen.clear()
    assert ask(gateway, "POST", GRAPHQL, LAUNCH, **headers) == status
    assert len(Ui.seen) == (status == 200)


@pytest.mark.parametrize(
    "cookie",
    [
        "dagster_session=",
        "dagster_session=WyJhbm4iLCIiXQ.aaaaaa.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "dagster_session=../../check; dagster_session=true",
        "session={session}",
        "{session}x",
    ],
)
@pytest.mark.parametrize("upgrade", [{}, {"upgrade": "websocket", "connection": "Upgrade"}])
def test_no_other_cookie_is_a_session(
    gateway: Gateway, session: str, cookie: str, upgrade: dict[str, str]
) -> None:
    made = cookie.format(session=session)
    claimed = {
        "x_forwarded_for": "127.0.0.1",
        "x_original_url": "/",
        "x_user": "ann",
        "x_auth_request_user": "ann",
    }
    Ui.seen.clear()
    assert ask(gateway, "GET", "/dagster/graphql", cookie=made, **claimed, **upgrade) == 401
    assert Ui.seen == []


@pytest.mark.parametrize(
    "sent",
    [
        "GET /dagster/graphql#/../sign-in HTTP/1.1",
        "GET /dagster/sign-in/../runs HTTP/1.1",
        "GET /dagster/sign-in/%2e%2e/runs HTTP/1.1",
        "GET /dagster/sign-in/ HTTP/1.1",
        "GET /\\dagster\\runs HTTP/1.1",
        "GET http://127.0.0.1:1/dagster/runs HTTP/1.1",
        "CONNECT /dagster/runs HTTP/1.1",
        "TRACE /dagster/runs HTTP/1.1",
        "HEAD /dagster/runs HTTP/1.1",
        "GET /check/dagster HTTP/1.1",
        "GET /dagster/../check/dagster HTTP/1.1",
        "GET /dagster/runs HTTP/1.1\r\nCookie: dagster_session=x\r\nCookie: {session}",
        "GET /dagster/runs HTTP/1.1\r\nCookie: {session}\r\nCookie: dagster_session=x",
        "GET /dagster/runs HTTP/1.1\r\nAuthorization: Basic eDp5\r\nAuthorization: {password}",
        "GET /dagster/runs HTTP/1.1\r\nX-Envoy-Original-Path: /dagster/sign-in",
        "POST /dagster/sign-in HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4",
    ],
)
def test_no_request_that_is_read_in_two_ways_gets_in(gateway: Gateway, session: str, sent: str) -> None:
    line = sent.format(session=session, password=PASSWORD)
    Ui.seen.clear()
    host, port = gateway.address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(f"{line}\r\nHost: x\r\n\r\n0\r\n\r\n".encode())
        assert raw.recv(1000).split()[1] in {b"400", b"401", b"404", b"405"}
    assert Ui.seen == []


def test_nobody_is_let_in_while_the_sign_in_service_is_away(server: servers.Running, tmp_path: Path) -> None:
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ui) as upstream,
        gateways.sign_in(tmp_path) as sign_in,
        gateways.front_door(
            tmp_path,
            server.port,
            ui=Address(host="127.0.0.1", port=upstream.server_port),
            sign_in=sign_in.address,
        ) as gateway,
    ):
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        servers.eventually(lambda: ask(gateway, "GET", "/dagster/", authorization=PASSWORD) == 200)
        sign_in.process.kill()
        sign_in.process.wait()
        Ui.seen.clear()
        assert ask(gateway, "GET", "/dagster/", authorization=PASSWORD) == 503
        assert Ui.seen == []
        servers.eventually(gateway.is_ready)
        upstream.shutdown()


@pytest.mark.parametrize(("origin", "status"), [(EVIL, 403), ("", 403), ("null", 403), ("own", 200)])
def test_websockets_are_for_pages_of_this_site(gateway: Gateway, origin: str, status: int) -> None:
    headers = {"upgrade": "websocket", "connection": "Upgrade", "authorization": PASSWORD}
    if origin:
        headers["origin"] = f"http://{gateway.address}" if origin == "own" else origin
    Ui.seen.clear()
    came = ask(gateway, "GET", GRAPHQL, **headers)
    assert len(Ui.seen) == (status == 200)
    assert came == status or (status == 200 and came == 503)  # the stand-in speaks no websocket


@pytest.mark.parametrize(
    "path",
    [
        "/dagster", "/dagster/", "/dagster/server_info", "//dagster/server_info", "/./dagster/server_info",
        "/x/../dagster/server_info", "/%64agster/server_info", "/dagster%2Fserver_info",
        "/v1/huts:predict/../../dagster/server_info", "/dagster/../dagster/server_info",
        "/dagster/..%2f..%2fdagster/server_info", "/dagster;/server_info", "/dagster\\server_info",
        "/DAGSTER/server_info", "/dagster/%2e%2e/dagster/graphql", "/dagster\t/server_info",
    ],
)  # fmt: skip
def test_no_path_gets_around_the_password(gateway: Gateway, path: str) -> None:
    Ui.seen.clear()
    for method in ("GET", "POST"):
        with socket.create_connection(gateway.address.split(":")) as raw:  # type: ignore[arg-type]
            raw.sendall(f"{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
            assert raw.recv(1000).split()[1] in {b"307", b"400", b"401", b"404"}
    assert Ui.seen == []


def test_nobody_loads_unloads_or_reflects_through_the_front_door(
    gateway: Gateway, server: servers.Running
) -> None:
    paths = [
        "/inference.GRPCInferenceService/RepositoryModelLoad",
        "/inference.GRPCInferenceService/RepositoryModelUnload",
        "/inference.GRPCInferenceService/RepositoryModel%4Coad",
        "/inference.GRPCInferenceService//RepositoryModelLoad",
        "/inference.GRPCInferenceService/ServerLive/../RepositoryModelLoad",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.channelz.v1.Channelz/GetServers",
    ]
    before = len(server.lines("request"))
    with grpc.insecure_channel(gateway.address) as channel:
        for path in paths:
            with pytest.raises(grpc.RpcError) as refused:
                list(channel.stream_stream(path)(iter([b""]), timeout=10))
            assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert [
        line["method"] for line in server.lines("request")[before:] if "Health" not in line["method"]
    ] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"houses":' * 100_000, 400),
        (b"[" * 1_000_000, 400),
        (b'{"houses": [{"area": ' + b"9" * 1_000_000 + b"}]}", 400),
        (b'{"houses": [{"roof": "' + b"x" * 20_000_000 + b'"}]}', 413),
    ],
)
def test_json_that_is_deep_or_large_is_refused(gateway: Gateway, body: bytes, status: int) -> None:
    assert gateway.ask(PATH, body).status == status
    assert gateway.is_ready()


def test_many_or_large_headers_are_refused(gateway: Gateway) -> None:
    assert ask(gateway, "GET", "/v1/health", **{f"x-{number}": "1" for number in range(200)}) == 431
    assert ask(gateway, "GET", "/v1/health", large="x" * 40_000) == 431
    assert gateway.is_ready()


def test_a_sender_of_slow_headers_is_ended(gateway: Gateway) -> None:
    host, _, port = gateway.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as slow:
        slow.sendall(b"GET /v1/health HTTP/1.1\r\n")
        started = time.monotonic()
        assert slow.recv(100).startswith(b"HTTP/1.1 408")
        assert time.monotonic() - started < 25


def test_a_second_envoy_on_the_port_is_an_error(
    gateway: Gateway, server: servers.Running, tmp_path: Path
) -> None:
    text = (gateway.log.parent / "envoy.yaml").read_text()
    (tmp_path / "envoy.yaml").write_text(text)
    command = [str(gateways.ENVOY), "-c", str(tmp_path / "envoy.yaml"), "--use-dynamic-base-id"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode != 0
    assert "Address already in use" in ended.stderr


def test_a_contracts_text_is_text_in_envoy(tmp_path: Path) -> None:
    contract = models.contract(title=HOSTILE)
    with gateways.front_door(tmp_path, 1, of=[contract]) as gateway:
        page = gateway.ask("/").body.decode()
        described = gateway.ask("/api/huts.proto").body.decode()
    assert HOSTILE in html.unescape(page)
    assert "<script>evil" not in page
    assert described == proto.printed(contract)
