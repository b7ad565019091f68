"""What a caller of the typed API is told, over a real socket."""

import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from house_prices.contract import proto
from house_prices.registry import Registry
from inference_server.client import Client, ClientError
from tests import models, servers
from tests.models import HUT

PREDICT = "/house_prices.huts.v1.PredictionService/Predict"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Running]:
    registry = Registry(tmp_path_factory.mktemp("server") / "models")
    models.promote(registry, models.publish(registry, base=500))
    with servers.serving(registry.root) as running:
        running.says("model serves")
        yield running


@pytest.fixture(scope="module")
def client(server: servers.Running) -> Iterator[Client]:
    with Client(server.address) as client:
        yield client


def raw_call(server: servers.Running, path: str, request: bytes) -> bytes:
    with grpc.insecure_channel(server.address) as channel:
        return channel.unary_unary(path)(request, timeout=10)


def refusal(client: Client, *houses: dict[str, Any]) -> ClientError:
    with pytest.raises(ClientError) as caught:
        client.predict("huts", houses)
    return caught.value


def test_every_house_gets_its_price_in_order_and_the_version_is_named(client: Client) -> None:
    answer = client.predict("huts", [{**HUT, "area": area} for area in (100, 200, 20.5)])
    assert [price.value for price in answer.prices] == [1703, 2703, 908]
    assert answer.model_version == "1"


def test_what_is_left_out_stands_for_what_the_contract_says(client: Client) -> None:
    alike = [HUT, {**HUT, "garden": False, "view": "none"}]
    unlike = [{**HUT, "garden": True}, {**HUT, "style": "old"}, {**HUT, "age": 7}]
    prices = [price.value for price in client.predict("huts", [*alike, *unlike]).prices]
    assert prices == [1703, 1703, 1704, 1803, 1710]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"area": None}, "area: is missing, allowed: a number from 1 to 1000 m2"),
        ({"roof": None}, "roof: is missing, allowed: one of flat, gable, ça"),
        ({"area": 1000.5}, "area: came 1000.5, allowed: a number from 1 to 1000 m2"),
        ({"area": math.nan}, "area: came NaN, allowed: a number from 1 to 1000 m2"),
        ({"age": math.inf}, "age: came infinity, allowed: a number"),
        ({"age": -1e300}, "age: came -1e+300, beyond float32, allowed: a number"),
        ({"rooms": -1}, "rooms: came -1, allowed: a whole number from 0 to 2000"),
        ({"roof": "thatch"}, "roof: came 'thatch', allowed: one of flat, gable, ça"),
        ({"roof": ""}, "roof: came '', allowed: one of flat, gable, ça"),
    ],
)
@pytest.mark.parametrize("sound", [0, 100])
def test_a_fault_names_house_field_what_came_and_what_is_allowed(
    client: Client, change: dict[str, Any], fault: str, sound: int
) -> None:
    error = refusal(client, *[HUT] * sound, {**HUT, **change})
    assert error.code == "INVALID_ARGUMENT"
    assert error.faults == (f"houses[{sound}].{fault}",)


def test_all_faults_come_at_once(client: Client) -> None:
    error = refusal(client, {**HUT, "area": 0, "roof": "x"}, HUT, {"area": 5})
    assert [fault.split(":")[0] for fault in error.faults] == [
        "houses[0].area",
        "houses[0].roof",
        "houses[2].rooms",
        "houses[2].roof",
    ]


def test_a_flood_of_faults_is_cut_to_what_a_header_carries_and_says_so(client: Client) -> None:
    error = refusal(client, *[{**HUT, "area": -1}] * 1000)
    assert error.code == "INVALID_ARGUMENT"
    assert 20 < len(error.faults) <= 101
    assert "there may be any number more" in error.faults[-1]


def test_no_houses_are_refused(client: Client) -> None:
    error = refusal(client)
    assert error.code == "INVALID_ARGUMENT"
    assert "has no houses, allowed: at least one" in str(error)


def test_too_many_houses_are_refused_with_the_limit_and_its_setting(client: Client) -> None:
    error = refusal(client, *[HUT] * 100_000)
    assert error.code == "INVALID_ARGUMENT"
    assert "has 100000 rows, allowed: at most 10000" in str(error)
    assert "--max-rows (INFERENCE_SERVER_MAX_ROWS)" in str(error)


def test_a_message_too_large_is_refused_with_the_limit_and_its_setting(server: servers.Running) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        raw_call(server, PREDICT, bytes(17 * 2**20))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "--max-message-bytes" in caught.value.details()


def test_bytes_that_are_no_message_are_refused(server: servers.Running) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        raw_call(server, PREDICT, b"\x0a\xff\xff\xff")
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    "path", [PREDICT + "ed", "/house_prices.castles.v1.PredictionService/Predict", "/x/y"]
)
def test_a_method_that_is_not_offered_is_named(server: servers.Running, path: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        raw_call(server, path, b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert caught.value.details().startswith(f"{path} is not offered")


def test_a_stream_to_a_method_that_is_not_offered_need_not_end_to_be_told(server: servers.Running) -> None:
    """As tools ask that look for a newer service first."""
    told = threading.Event()

    def asked() -> Iterator[bytes]:
        yield b""
        told.wait(30)

    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        next(
            channel.stream_stream("/grpc.reflection.v2.ServerReflection/ServerReflectionInfo")(
                asked(), timeout=10
            )
        )
    told.set()
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_value_that_training_never_saw_is_priced_with_a_warning(client: Client) -> None:
    small, large, seen = client.predict("huts", [{**HUT, "area": area} for area in (10.5, 900, 100)]).prices
    assert small.warnings == ("area 10.5 is below 20, the smallest seen in training",)
    assert large.warnings == ("area 900 is above 249, the largest seen in training",)
    assert seen.warnings == ()


def test_a_large_request_gets_the_same_prices_as_many_small_ones(client: Client) -> None:
    houses = [{**HUT, "area": 20 + row % 200, "rooms": row % 2000} for row in range(3000)]
    together = [price.value for price in client.predict("huts", houses).prices]
    assert together == [500 + 10 * house["area"] + house["rooms"] + 200 for house in houses]


def test_one_log_line_tells_of_each_request(server: servers.Running, client: Client) -> None:
    client.predict("huts", [HUT] * 7)
    line = server.says("request", rows=7)
    assert (line["market"], line["version"], line["code"]) == ("huts", 1, "OK")
    assert line["method"] == PREDICT
    assert line["ms"] > 0


def test_a_stream_is_answered_in_order(server: servers.Running) -> None:
    typed = proto.load(models.contract())
    requests = [typed.request(houses=[{**HUT, "area": area}]) for area in range(20, 120)]
    with grpc.insecure_channel(server.address) as channel:
        call = channel.stream_stream(
            PREDICT + "Stream",
            request_serializer=typed.request.SerializeToString,
            response_deserializer=typed.response.FromString,
        )
        prices = [answer.predictions[0].price for answer in call(iter(requests), timeout=10)]
    assert prices == [703 + 10 * area for area in range(20, 120)]


def test_a_stream_ends_at_the_first_bad_request_after_what_was_good(server: servers.Running) -> None:
    typed = proto.load(models.contract())
    requests = iter([typed.request(houses=[HUT]), typed.request(), typed.request(houses=[HUT])])
    with grpc.insecure_channel(server.address) as channel:
        ask = channel.stream_stream(PREDICT + "Stream", request_serializer=typed.request.SerializeToString)
        answers = ask(requests, timeout=10)
        assert typed.response.FromString(next(answers)).model_version == "1"
        with pytest.raises(grpc.RpcError) as caught:
            next(answers)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_bug_is_told_in_one_fixed_sentence_and_logged_in_full(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    models.promote(registry, models.publish(registry, model=models.fragile_model(models.contract())))
    with servers.serving(registry.root) as server, Client(server.address) as client:
        server.says("model serves")
        error = refusal(client, {**HUT, "area": 666})
        assert error.code == "INTERNAL"
        assert str(error).endswith(
            "The server could not answer because of an internal error. Its log has the details."
        )
        assert "Reshape" in str(server.says("request", code="INTERNAL")["exception"])
