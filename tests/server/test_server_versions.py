"""Several markets and versions at once: which one answers, which ones stay, which ones go."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from house_prices.contract import proto
from house_prices.registry import Registry
from inference_server.codecs.oip_messages import messages
from tests import models, servers, tensors
from tests.models import HUT
from tests.tensors import PRICE, Caller, raw_prices, raw_request

PREDICT = "/house_prices.huts.v1.PredictionService/Predict"


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


def predict(call: Caller, version: str) -> Any:
    """By the typed API, with the version in the metadata."""
    typed = proto.load(models.contract())
    ask = call.channel.unary_unary(PREDICT, response_deserializer=typed.response.FromString)
    request = typed.request(houses=[HUT]).SerializeToString()
    return ask(request, timeout=20, metadata=[("model-version", version)])


def infer(call: Caller, version: str = "", market: str = "huts") -> tuple[str, float]:
    request = raw_request(model_name=market, model_version=version)
    answer = call("ModelInfer", request)
    return answer.model_version, raw_prices(answer)[0]


def index(call: Caller, *, ready: bool = False) -> dict[tuple[str, str], str]:
    """State and reason by market and version."""
    found = call("RepositoryIndex", messages.RepositoryIndexRequest(ready=ready)).models
    return {(one.name, one.version): f"{one.state} {one.reason}".strip() for one in found}


def load(call: Caller, market: str, **metadata: str) -> None:
    call("RepositoryModelLoad", messages.RepositoryModelLoadRequest(model_name=market), **metadata)


def unload(call: Caller, market: str, version: str) -> None:
    parameters = {"version": {"string_param": version}}
    request = messages.RepositoryModelUnloadRequest(model_name=market, parameters=parameters)
    call("RepositoryModelUnload", request)


def promoted(registry: Registry, *bases: int) -> None:
    for base in bases:
        models.promote(registry, models.publish(registry, base=base))


def test_the_typed_api_answers_by_the_version_that_the_metadata_name(registry: Registry) -> None:
    promoted(registry, 1, 2)
    with servers.serving(registry.root) as server, tensors.calling(server.address) as call:
        server.says("previous model kept", version=1)
        answers = [predict(call, version) for version in ("", "1", "2")]
        assert [answer.model_version for answer in answers] == ["2", "1", "2"]
        assert [answer.predictions[0].price for answer in answers] == [PRICE + 2, PRICE + 1, PRICE + 2]
        with pytest.raises(
            grpc.RpcError, match="no version '7' of huts is loaded, loaded are: 1, 2"
        ) as error:
            predict(call, "7")
        assert error.value.code() is grpc.StatusCode.NOT_FOUND


def test_a_kept_version_answers_in_every_server_whenever_it_was_started(registry: Registry) -> None:
    promoted(registry, 1, 2, 3, 4)
    with servers.serving(registry.root) as running, tensors.calling(running.address) as call:
        running.says("model serves", version=4)
        registry.pin("huts", [1])
        running.says("model loaded", version=1)
        assert infer(call, "1") == ("1", PRICE + 1)
    with servers.serving(registry.root) as later, tensors.calling(later.address) as call:
        later.says("model serves", version=4)
        assert infer(call, "1") == ("1", PRICE + 1)


def test_markets_answer_side_by_side(registry: Registry) -> None:
    promoted(registry, 1)
    models.promote(registry, models.publish(registry, models.contract(name="cabins"), base=7))
    with servers.serving(registry.root) as server, tensors.calling(server.address) as call:
        server.says("model serves", market="cabins")
        server.says("model serves", market="huts")
        assert infer(call, market="cabins") == ("1", PRICE + 7)
        assert infer(call) == ("1", PRICE + 1)
        assert index(call) == {("cabins", "1"): "READY", ("huts", "1"): "READY"}


def test_markets_with_broken_registries_keep_no_other_from_being_served(registry: Registry) -> None:
    broken = {"attics": "{", "barns": "[1]", "cabins": '{"version": 1}'}
    for market, champion in broken.items():
        (registry.root / market).mkdir(parents=True)
        (registry.root / market / "champion.json").write_text(champion)
    (registry.root / "attics" / "pinned.json").write_text("{}")
    promoted(registry, 1)
    with servers.serving(registry.root) as server, tensors.calling(server.address) as call:
        server.says("model serves", market="huts")
        for market in broken:
            server.says("registry trouble", market=market)
        assert infer(call) == ("1", PRICE + 1)


def test_a_rollback_needs_no_loading_for_the_predecessor_is_kept(registry: Registry) -> None:
    promoted(registry, 1)
    with servers.serving(registry.root) as server, tensors.calling(server.address) as call:
        server.says("model serves", version=1)
        promoted(registry, 2)
        server.says("model serves", version=2)
        (registry.root / "huts" / "1" / "manifest.json").rename(registry.root / "huts" / "away")
        files = registry.root / "huts" / "champion.json"
        files.write_text(
            files.read_text()
            .replace('"version": 2', '"version": 1')
            .replace(registry.version("huts", 2).manifest.sha256, sha256_of_first(call))
        )
        servers.eventually(lambda: infer(call) == ("1", PRICE + 1))


def sha256_of_first(call: Caller) -> str:
    asked = messages.ModelMetadataRequest(name="huts", version="1")
    return str(call("ModelMetadata", asked).properties["sha256"])


def test_only_champion_predecessor_and_what_was_loaded_by_name_stay(registry: Registry) -> None:
    promoted(registry, 1, 2)
    with servers.serving(registry.root) as server, tensors.calling(server.address) as call:
        server.says("previous model kept", version=1)
        promoted(registry, 3)
        server.says("model serves", version=3)
        load(call, "huts", model_version="1")
        promoted(registry, 4)
        server.says("model serves", version=4)
        assert index(call, ready=True) == {("huts", number): "READY" for number in ("1", "3", "4")}
        assert infer(call, "1") == ("1", PRICE + 1)
        unload(call, "huts", "1")
        assert index(call)["huts", "1"] == "UNAVAILABLE not loaded"


def test_loading_a_champion_serves_it_before_the_next_look(registry: Registry) -> None:
    promoted(registry, 1)
    with (
        servers.serving(registry.root, poll_seconds=3600) as server,
        tensors.calling(server.address) as call,
    ):
        server.says("model serves", version=1)
        promoted(registry, 2)
        assert infer(call) == ("1", PRICE + 1)
        load(call, "huts")
        assert infer(call) == ("2", PRICE + 2)


def test_a_version_without_a_champion_answers_by_number_alone(registry: Registry) -> None:
    models.publish(registry, base=1)
    with servers.serving(registry.root) as server, tensors.calling(server.address) as call:
        load(call, "huts", model_version="1")
        assert infer(call, "1") == ("1", PRICE + 1)
        with pytest.raises(grpc.RpcError, match="huts has no model yet") as error:
            infer(call)
        assert error.value.code() is grpc.StatusCode.UNAVAILABLE
        assert server.health() == "NOT_SERVING"


def test_the_index_says_why_a_champion_was_refused_while_the_old_one_serves(registry: Registry) -> None:
    promoted(registry, 1)
    with servers.serving(registry.root) as server, tensors.calling(server.address) as call:
        server.says("model serves", version=1)
        bad = models.publish(registry, base=2)
        bad.model.unlink()
        models.promote_unchecked(registry, bad)
        server.says("model refused", version=2)
        assert index(call) == {
            ("huts", "1"): "READY",
            ("huts", "2"): "UNAVAILABLE No such file or directory: model.onnx",
        }
        assert infer(call) == ("1", PRICE + 1)


def test_a_reason_names_no_folder_of_the_machine(registry: Registry) -> None:
    promoted(registry, 1)
    cut = models.publish(registry, base=2).folder / "manifest.json"
    cut.write_bytes(cut.read_bytes()[:100])
    with servers.serving(registry.root) as server, tensors.calling(server.address) as call:
        server.says("model serves")
        with pytest.raises(grpc.RpcError, match=r"nothing changed: huts/2/manifest\.json cannot be read"):
            load(call, "huts", model_version="2")


def test_loads_unloads_and_requests_at_once_end_in_answers_or_in_named_refusals(registry: Registry) -> None:
    promoted(registry, 1, 2, 3)
    allowed = {"3 is right", "1 is right", "OK", "NOT_FOUND"}

    def one(number: int) -> str:
        acts = [lambda: load(call, "huts", model_version="1"), lambda: unload(call, "huts", "1")]
        try:
            if number % 4 > 1:
                version, price = infer(call, "1" if number % 4 == 3 else "")
                return f"{version} is {'right' if price == PRICE + int(version) else price}"
            acts[number % 4]()
        except grpc.RpcError as error:
            return str(error.code().name)
        return "OK"

    with servers.serving(registry.root) as server, tensors.calling(server.address) as call:
        server.says("previous model kept", version=2)
        with ThreadPoolExecutor(32) as pool:
            found = set(pool.map(one, range(1200)))
    assert {"3 is right", "OK"} <= found <= allowed


TRICKS = [
    "",
    ".",
    "..",
    "../models/huts",
    "huts/",
    "huts/1",
    "/etc",
    "HUTS",
    "huts\0",
    "a" * 100_000,
    "ç",
    "%2e",
]
NO_NUMBERS = ["../1", "1/", "01", "-1", "0", "1e0", " 1", "9" * 50, "\uff12"]


@pytest.fixture(scope="module")
def one_hut(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """A caller of a server that nothing changes at."""
    registry = Registry(tmp_path_factory.mktemp("server") / "models")
    promoted(registry, 1)
    with servers.serving(registry.root) as server, tensors.calling(server.address) as call:
        server.says("model serves")
        yield call


@pytest.mark.parametrize("name", TRICKS)
def test_a_name_that_is_no_market_is_not_found_whoever_asks(one_hut: Caller, name: str) -> None:
    asks = [
        lambda: infer(one_hut, market=name),
        lambda: load(one_hut, name),
        lambda: load(one_hut, name, model_version="1"),
        lambda: unload(one_hut, name, "1"),
    ]
    for ask in asks:
        with pytest.raises(grpc.RpcError, match="there are: huts") as error:
            ask()
        assert error.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("version", NO_NUMBERS)
def test_a_version_that_is_no_number_of_the_registry_is_not_found(one_hut: Caller, version: str) -> None:
    parameters = {"version": {"string_param": version}}
    request = messages.RepositoryModelLoadRequest(model_name="huts", parameters=parameters)
    with pytest.raises(grpc.RpcError, match="of huts is published, there are: 1") as error:
        one_hut("RepositoryModelLoad", request)
    assert error.value.code() is grpc.StatusCode.NOT_FOUND
