"""Over Envoy one port answers gRPC, gRPC-Web, JSON and the page."""

import base64
import json
import os
import socket
import struct
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from house_prices.contract import proto
from house_prices.registry import Registry
from inference_server.client import Client
from inference_server.rpc.json_request import PREDICT
from tests import gateways, models, scrapes, servers
from tests.gateways import Gateway
from tests.models import HUT

TYPED = proto.load(models.contract())


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return Registry(tmp_path_factory.mktemp("one_port") / "models")


@pytest.fixture(scope="module")
def server(registry: Registry) -> Iterator[servers.Running]:
    models.promote(registry, models.publish(registry))
    with servers.serving(registry.root, "--transport", "envoy", "--health-port", "0") as running:
        yield running


def fetch(
    server: servers.Running, path: str, body: bytes | None = None, kind: str = "application/json"
) -> tuple[int, str]:
    """HTTP status and body."""
    request = urllib.request.Request(
        f"http://{server.address}{path}", data=body, headers={"content-type": kind, "accept": kind}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def asked(**changes: Any) -> bytes:
    return json.dumps({"houses": [{**HUT, **changes}]}).encode()


def test_json_gets_the_prices_of_grpc(server: servers.Running) -> None:
    with Client(server.address, contracts=[models.contract()]) as client:
        (price,) = client.predict("huts", [HUT]).prices
    status, body = fetch(server, "/v1/huts:predict", asked())
    assert status == 200
    assert json.loads(body)["predictions"][0]["price"] == price.value


def test_json_is_told_why_a_house_has_its_price(server: servers.Running) -> None:
    status, body = fetch(server, "/v1/huts:explain", asked())
    (explanation,) = json.loads(body)["explanations"]
    total = explanation["base"] + sum(one["amount"] for one in explanation["contributions"])
    assert (status, explanation["price"]) == (200, pytest.approx(total, rel=1e-4))
    assert explanation["contributions"][0]["features"] == ["area"]


def test_json_with_faults_gets_400_and_each_of_them(server: servers.Running) -> None:
    status, body = fetch(server, "/v1/huts:predict", asked(area=0, rooms=-1))
    (detail,) = json.loads(body)["details"]
    assert status == 400
    assert [one["field"] for one in detail["field_violations"]] == ["houses[0].area", "houses[0].rooms"]


@pytest.mark.parametrize(("method", "path", "body", "status"), gateways.JSON_FAULTS)
def test_every_fault_of_json_is_told_in_one_shape(
    server: servers.Running, tmp_path: Path, method: str, path: str, body: bytes | None, status: int
) -> None:
    door = Gateway(address=server.address, log=tmp_path)
    assert door.fault(method, path, body) == (status, {"code", "message", "details"})


def test_the_prediction_log_and_the_metrics_know_what_was_asked_in_json(server: servers.Running) -> None:
    fetch(server, "/v1/huts:predict", asked())
    named = {"method": PREDICT, "market": "huts", "version": "1", "code": "OK"}
    assert scrapes.total(server, "inference_requests_total", **named) >= 1


def test_a_method_that_is_called_as_no_grpc_gets_415(server: servers.Running) -> None:
    assert fetch(server, f"/{TYPED.service}/Predict", b"x", "text/plain")[0] == 415


def test_a_caller_that_does_not_say_that_it_takes_trailers_gets_its_status(server: servers.Running) -> None:
    """As Helidon 4.3 and older ask: gRPC prescribes `te: trailers`, and most servers do not require it."""
    message = TYPED.request(houses=[HUT]).SerializeToString()
    asked = {":method": "POST", ":scheme": "http", ":path": f"/{TYPED.service}/Predict", ":authority": "here"}
    asked["content-type"] = "application/grpc"
    headers = b"".join(b"\0" + _text(name) + _text(value) for name, value in asked.items())
    host, port = server.address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(SETTINGS, 0, b"", stream=0))
        connection.sendall(_frame(HEADERS, END_HEADERS, headers))
        connection.sendall(_frame(DATA, END_STREAM, struct.pack(">BI", 0, len(message)) + message))
        kinds = [kind for kind, stream in _frames(connection.makefile("rb")) if stream == 1]
    assert kinds == [HEADERS, DATA, HEADERS]


DATA, HEADERS, SETTINGS = 0, 1, 4
END_STREAM, END_HEADERS = 1, 4


def _text(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


def _frame(kind: int, flags: int, payload: bytes, stream: int = 1) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _frames(arriving: IO[bytes]) -> Iterator[tuple[int, int]]:
    """Kind and stream of each frame up to the end of a stream."""
    while True:
        head = arriving.read(9)
        kind, flags, stream = struct.unpack(">BBI", head[3:])
        arriving.read(int.from_bytes(head[:3], "big"))
        yield kind, stream
        if stream and flags & END_STREAM:
            return


def test_health_is_json_too(server: servers.Running) -> None:
    assert fetch(server, "/v1/health") == (200, '{"status":"SERVING"}')


def test_grpc_web_in_text_is_answered(server: servers.Running) -> None:
    message = TYPED.request(houses=[HUT]).SerializeToString()
    framed = base64.b64encode(b"\0" + len(message).to_bytes(4, "big") + message)
    status, body = fetch(server, f"/{TYPED.service}/Predict", framed, "application/grpc-web-text")
    answer = base64.b64decode(body)
    size = int.from_bytes(answer[1:5], "big")
    assert status == 200
    assert TYPED.response.FromString(answer[5 : 5 + size]).model_version == "1"


def test_the_page_names_the_markets_and_other_paths_are_404(server: servers.Running) -> None:
    status, page = fetch(server, "/")
    assert status == 200
    assert 'action="/v1/huts:predict"' in page
    assert "/v1/huts:predict" in json.loads(fetch(server, "/api/huts.json")[1])["paths"]
    assert "message House" in fetch(server, "/api/huts.proto")[1]
    assert fetch(server, "/none")[0] == 404
    assert fetch(server, "/v1/none:predict", asked())[0] == 404


def test_the_page_tells_no_market_to_callers_without_credentials(
    registry: Registry, server: servers.Running, tmp_path: Any
) -> None:
    tokens = tmp_path / "tokens"
    tokens.touch(0o600)
    tokens.write_text("secret-of-the-huts-0123456789")
    tokens.chmod(0o600)
    flags = ["--transport", "envoy", "--inference-token-file", str(tokens)]
    with servers.serving(registry.root, *flags) as guarded:
        assert "huts" not in fetch(guarded, "/")[1]
        assert fetch(guarded, "/v1/huts:predict", asked())[0] == 401


def test_models_are_tried_with_the_servers_python_whatever_is_on_the_path(
    registry: Registry, server: servers.Running, tmp_path: Path
) -> None:
    server.says("model serves")
    other = tmp_path / "python3"
    other.write_text("#!/bin/sh\nexit 1\n")
    other.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    with servers.serving(registry.root, "--transport", "envoy", environment=environment) as running:
        running.wait_for_health()


def test_health_has_its_own_port_without_anything_else(server: servers.Running) -> None:
    probes = f"127.0.0.1:{server.health_port}"
    assert servers.health(probes) == "SERVING"
    with (
        Client(probes, contracts=[models.contract()]) as client,
        pytest.raises(Exception, match="not offered"),
    ):
        client.predict("huts", [HUT])


def test_a_market_that_comes_later_is_offered_as_json(registry: Registry, server: servers.Running) -> None:
    models.promote(registry, models.publish(registry, models.contract(name="barns")))
    server.says("model serves", market="barns")
    servers.eventually(lambda: fetch(server, "/v1/barns:predict", asked())[0] == 200)
    assert "/v1/barns:predict" in fetch(server, "/")[1].replace("http://...", "")
