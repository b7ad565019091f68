"""Envoy in front of real servers: every way to ask for a price, and what happens when a server goes."""

import base64
import struct
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from house_prices.contract import proto
from house_prices.gateway.settings import Address, Share
from house_prices.registry import Registry
from inference_server.client import Client, ClientError
from tests import gateways, models, scrapes, servers
from tests.gateways import PATH, Gateway
from tests.load import Load
from tests.models import HUT
from tests.tensors import PRICE

pytestmark = gateways.needed
HOUSES = {"houses": [HUT]}
PREDICT = "/house_prices.huts.v1.PredictionService/Predict"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Version 2 is the champion, version 1 its predecessor, which stays loaded."""
    registry = Registry(tmp_path_factory.mktemp("gateway") / "models")
    for base in (1, 2):
        models.promote(registry, models.publish(registry, base=base))
    return registry


@pytest.fixture(scope="module")
def server(registry: Registry) -> Iterator[servers.Running]:
    with servers.serving(registry.root) as running:
        running.says("previous model kept", version=1)
        yield running


@pytest.fixture(scope="module")
def gateway(server: servers.Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with gateways.front_door(tmp_path_factory.mktemp("envoy"), server.port, reflection=True) as gateway:
        servers.eventually(gateway.is_ready)
        yield gateway


def test_grpc_passes_with_its_metadata(gateway: Gateway) -> None:
    with Client(gateway.address) as client:
        answer = client.predict("huts", [HUT])
    assert (answer.prices[0].value, answer.model_version) == (PRICE + 2, "2")


def test_a_stream_passes_question_by_question(gateway: Gateway) -> None:
    typed = proto.load(models.contract())
    with grpc.insecure_channel(gateway.address) as channel:
        ask = channel.stream_stream(f"{PREDICT}Stream", response_deserializer=typed.response.FromString)
        request = typed.request(houses=[HUT]).SerializeToString()
        answers = list(ask(iter([request] * 3), timeout=20))
    assert [answer.predictions[0].price for answer in answers] == [PRICE + 2] * 3


def test_json_is_priced_without_a_client(gateway: Gateway) -> None:
    answer = gateway.ask(PATH, HOUSES)
    assert answer.told == {"predictions": [{"price": PRICE + 2, "warnings": []}], "model_version": "2"}


def test_json_that_breaks_the_contract_is_told_every_fault(gateway: Gateway) -> None:
    answer = gateway.ask(PATH, {"houses": [{**HUT, "area": 0, "roof": "thatch"}]})
    (detail,) = answer.told["details"]
    assert answer.status == 400
    assert [fault["field"] for fault in detail["field_violations"]] == ["houses[0].area", "houses[0].roof"]


def test_a_flag_may_be_0_or_1(gateway: Gateway) -> None:
    assert gateway.ask(PATH, {**HUT, "garden": 1}).told["predictions"][0]["price"] == PRICE + 3


@pytest.mark.parametrize(("method", "path", "body", "status"), gateways.JSON_FAULTS)
def test_every_fault_is_told_as_json_of_one_shape(
    gateway: Gateway, method: str, path: str, body: bytes | None, status: int
) -> None:
    assert gateway.fault(method, path, body) == (status, {"code", "message", "details"})


def test_json_reaches_a_server_over_envoy_too(registry: Registry, tmp_path: Path) -> None:
    with servers.serving(registry.root, "--transport", "envoy") as server:
        server.says("model serves")
        with gateways.front_door(tmp_path, server.port) as gateway:
            servers.eventually(gateway.is_ready)
            assert gateway.ask(PATH, HOUSES).told["predictions"][0]["price"] == PRICE + 2
            assert gateway.ask("/v1/castles:predict", HOUSES, x_original_path=PATH).status == 404
            assert gateway.fault("GET", PATH) == (400, {"code", "message", "details"})


def test_a_body_that_is_too_large_for_envoy_is_told_in_the_same_shape(gateway: Gateway) -> None:
    body = b" " * (gateways.LARGE)
    assert gateway.fault("POST", PATH, body) == (413, {"code", "message", "details"})


def test_json_may_name_a_version(gateway: Gateway) -> None:
    assert gateway.ask(PATH, HOUSES, model_version="1").told["model_version"] == "1"
    assert gateway.ask(PATH, HOUSES, model_version="7").status == 404


def test_grpc_web_is_priced(gateway: Gateway) -> None:
    typed = proto.load(models.contract())
    message = typed.request(houses=[HUT]).SerializeToString()
    framed = struct.pack(">BI", 0, len(message)) + message
    answer = gateway.ask(PREDICT, framed, content_type="application/grpc-web+proto", x_grpc_web="1")
    flag, size = struct.unpack(">BI", answer.body[:5])
    priced = typed.response.FromString(answer.body[5 : 5 + size])  # type: ignore[attr-defined]
    assert (flag, priced.predictions[0].price) == (0, PRICE + 2)
    assert b"grpc-status:0" in answer.body[5 + size :]


def test_the_page_names_health_and_the_api_description(gateway: Gateway) -> None:
    page = gateway.ask("/").body.decode()
    assert 'href="/v1/health"' in page
    assert 'href="/api/huts.proto"' in page
    assert "/dagster" not in page
    assert gateway.ask("/v1/health").told == {"status": "SERVING"}
    assert gateway.ask("/api/huts.proto").body.decode().strip() == proto.printed(models.contract()).strip()
    assert gateway.ask("/elsewhere").status == 404


def test_a_split_gives_a_version_its_share_and_callers_who_name_one_theirs(
    server: servers.Running, tmp_path: Path
) -> None:
    splits = [Share.parse("huts/1=30")]
    with gateways.front_door(tmp_path, server.port, splits=splits, reflection=True) as gateway:
        servers.eventually(gateway.is_ready)
        with Client(gateway.address) as client:
            versions = Counter(client.predict("huts", [HUT]).model_version for _ in range(400))
        assert 60 < versions["1"] < 180
        assert versions["1"] + versions["2"] == 400
        assert {gateway.ask(PATH, HOUSES, model_version="2").told["model_version"] for _ in range(20)} == {
            "2"
        }


def test_a_mirror_sends_copies_to_a_version_that_nobody_hears(
    server: servers.Running, tmp_path: Path
) -> None:
    def rows(version: str) -> float:
        return scrapes.total(server, "inference_rows_total", market="huts", version=version)

    before = rows("1")
    with gateways.front_door(tmp_path, server.port, mirrors=[Share.parse("huts/1=100")]) as gateway:
        servers.eventually(gateway.is_ready)
        answers = {gateway.ask(PATH, HOUSES).told["model_version"] for _ in range(10)}
        assert answers == {"2"}
        servers.eventually(lambda: rows("1") == before + 10)


def test_without_a_server_every_caller_is_told_in_their_own_way(tmp_path: Path) -> None:
    with gateways.front_door(tmp_path, 1, reflection=True) as gateway:
        assert gateway.fault("POST", PATH, b"{}") == (503, {"code", "message", "details"})
        assert gateway.ask("/v1/health").status == 503
        assert gateway.ask("/").status == 200
        with Client(gateway.address) as client, pytest.raises(ClientError) as error:
            client.predict("huts", [HUT], timeout_seconds=1)
        assert error.value.code == "UNAVAILABLE"


def test_one_of_two_servers_may_be_killed_or_stopped_under_load(registry: Registry, tmp_path: Path) -> None:
    with (
        servers.serving(registry.root) as stays,
        servers.serving(registry.root) as killed,
        gateways.front_door(tmp_path, stays.port, killed.port, reflection=True) as gateway,
    ):
        servers.eventually(gateway.is_ready)
        time.sleep(1.5)  # until both are known to be healthy
        with Load(gateway.address) as load:
            time.sleep(0.5)
            killed.process.kill()
            time.sleep(2)
        assert load.failures == {}
        assert load.codes["OK"] > 100


def test_the_ui_asks_for_a_name_and_password(server: servers.Running, tmp_path: Path) -> None:
    ui = Address(host="127.0.0.1", port=server.metrics_port or 0)
    with (
        gateways.sign_in(tmp_path) as sign_in,
        gateways.front_door(tmp_path, server.port, ui=ui, sign_in=sign_in.address) as gateway,
    ):
        servers.eventually(lambda: gateway.ask("/dagster/sign-in").status == 200)
        assert gateway.ask("/dagster/metrics").status == 401
        assert gateway.ask("/dagster/metrics", authorization=_basic("ann", "wrong")).status == 401
        assert gateway.ask("/dagster/metrics", authorization=_basic("ann", "password")).status == 200
        assert 'href="/dagster/"' in gateway.ask("/").body.decode()


def _basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
