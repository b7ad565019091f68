"""Changing the champion while requests come in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from house_prices.registry import ModelVersion, Registry
from inference_server.client import Client, ClientError, Prices
from tests import models, servers
from tests.load import Load
from tests.models import HUT

PRICE = 1203.0
"""Of HUT, by a model of base 0."""


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, servers.Running]]:
    """A registry, and a server that has seen what earlier tests promoted in it."""
    registry = Registry(tmp_path_factory.mktemp("lasting") / "models")
    registry.root.mkdir()
    with servers.serving(registry.root) as running:
        yield registry, running


def promoted(registry: Registry, base: float) -> int:
    """The number of a version that was published and promoted."""
    version = models.publish(registry, base=base)
    models.promote(registry, version)
    return version.number


def ask(server: servers.Running, market: str = "huts") -> Prices:
    with Client(server.address) as client:
        return client.predict(market, [HUT])


def test_a_market_promoted_late_is_served_without_a_restart(registry: Registry) -> None:
    version = models.publish(registry)
    with (
        servers.serving(registry.root) as server,
        Client(server.address, contracts=[models.contract()]) as client,
    ):
        with pytest.raises(ClientError, match="has no model yet") as caught:
            servers.eventually(lambda: server.health() == "NOT_SERVING" and client.predict("huts", [HUT]))
        assert caught.value.code == "UNAVAILABLE"
        models.promote(registry, version)
        servers.eventually(lambda: server.health() == "SERVING")
        assert client.predict("huts", [HUT]).prices[0].value == PRICE


def test_a_market_that_appears_later_joins_the_one_that_serves(registry: Registry) -> None:
    models.promote(registry, models.publish(registry))
    with servers.serving(registry.root) as server:
        server.says("model serves", market="huts")
        models.promote(registry, models.publish(registry, models.contract(name="cabins"), base=7))
        server.says("model serves", market="cabins")
        assert ask(server, "cabins").prices[0].value == PRICE + 7
        assert ask(server, "huts").prices[0].value == PRICE


def test_no_request_fails_during_swaps_and_each_answer_is_its_versions(registry: Registry) -> None:
    models.promote(registry, models.publish(registry, base=1))
    with servers.serving(registry.root) as server:
        server.says("model serves", version=1)
        with Load(server.address) as load:
            for number in range(2, 9):
                models.promote(registry, models.publish(registry, base=number))
                server.says("model serves", version=number)
                servers.eventually(lambda number=number: str(number) in load.versions)
    assert load.failures == {}
    assert len(load.prices) > 100
    assert all(price == PRICE + int(version) for version, price in load.prices)


def truncated(registry: Registry) -> ModelVersion:
    version = models.publish(registry, base=2)
    version.model.write_bytes(version.model.read_bytes()[:200])
    return version


def swapped(registry: Registry) -> ModelVersion:
    version = models.publish(registry, base=2)
    version.model.write_bytes(models.onnx_model(models.contract(), base=1_000_000))
    return version


def gone(registry: Registry) -> ModelVersion:
    version = models.publish(registry, base=2)
    version.model.unlink()
    return version


def published_truncated(registry: Registry) -> ModelVersion:
    return models.publish(registry, base=2, model=models.onnx_model(models.contract(), base=2)[:200])


def signed_by_another_contract(registry: Registry) -> ModelVersion:
    other = models.contract(title="Other huts")
    return models.publish(registry, base=2, model=models.onnx_model(other, base=2))


def priced_otherwise(registry: Registry) -> ModelVersion:
    return models.publish(registry, base=2, golden=models.golden(models.contract(), base=3))


def manifest_cut(registry: Registry) -> ModelVersion:
    version = models.publish(registry, base=2)
    manifest = version.folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:500])
    return version


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (truncated, "sha256 of the model"),
        (swapped, "sha256 of the model"),
        (gone, "No such file"),
        (published_truncated, "cannot load the file"),
        (signed_by_another_contract, "metadata contract_digest"),
        (priced_otherwise, "golden rows"),
        (manifest_cut, "cannot be read"),
    ],
)
def test_a_bad_candidate_is_refused_and_the_old_champion_goes_on(
    lasting: tuple[Registry, servers.Running], make: Callable[[Registry], ModelVersion], reason: str
) -> None:
    registry, server = lasting
    good = promoted(registry, base=1)
    server.says("model serves", version=good)
    bad = make(registry)
    models.promote_unchecked(registry, bad)
    refused = server.says("model refused", version=bad.number, serving_version=good)
    assert reason in refused["reason"]
    assert server.health() == "SERVING"
    assert ask(server).prices[0].value == PRICE + 1
    server.says("model serves", version=promoted(registry, base=3))
    assert ask(server).prices[0].value == PRICE + 3
    assert [line["version"] for line in server.lines("model refused")].count(bad.number) == 1


def test_a_champion_that_is_bad_from_the_start_leaves_the_server_waiting(registry: Registry) -> None:
    models.promote_unchecked(registry, truncated(registry))
    with servers.serving(registry.root) as server:
        server.says("model refused", version=1)
        assert server.health() == "NOT_SERVING"
        models.promote(registry, models.publish(registry, base=2))
        server.says("model serves", version=2)
        assert server.health() == "SERVING"


def test_it_goes_on_serving_without_its_registry_and_says_so_once(registry: Registry) -> None:
    models.promote(registry, models.publish(registry, base=1))
    with servers.serving(registry.root) as server:
        server.says("model serves", version=1)
        away = registry.root.rename(registry.root.with_name("away"))
        server.says("registry trouble", serving={"huts": 1})
        assert ask(server).model_version == "1"
        away.rename(registry.root)
        models.promote(registry, models.publish(registry, base=2))
        server.says("model serves", version=2)
        assert len(server.lines("registry trouble")) == 1


def test_a_champion_that_is_taken_away_goes_on_serving(registry: Registry) -> None:
    models.promote(registry, models.publish(registry, base=1))
    with servers.serving(registry.root) as server:
        server.says("model serves", version=1)
        (registry.root / "huts" / "champion.json").unlink()
        server.says("registry trouble", market="huts", reason="champion.json is gone")
        assert ask(server).model_version == "1"


def test_a_champion_file_that_cannot_be_read_changes_nothing(registry: Registry) -> None:
    models.promote(registry, models.publish(registry, base=1))
    with servers.serving(registry.root) as server:
        server.says("model serves", version=1)
        (registry.root / "huts" / "champion.json").write_text("{")
        server.says("registry trouble", market="huts", serving={"huts": 1})
        assert ask(server).model_version == "1"
        assert server.health() == "SERVING"


def test_a_rollback_brings_the_former_version_back(registry: Registry) -> None:
    for base in (1, 2):
        models.promote(registry, models.publish(registry, base=base))
    with servers.serving(registry.root) as server:
        server.says("model serves", version=2)
        registry.rollback("huts", by="a test", reason="test")
        server.says("model serves", version=1)
        assert ask(server).prices[0].value == PRICE + 1


def test_a_newer_api_takes_the_place_of_the_older(registry: Registry) -> None:
    models.promote(registry, models.publish(registry))
    with servers.serving(registry.root) as server, Client(server.address) as client:
        server.says("model serves", version=1)
        assert client.predict("huts", [HUT]).model_version == "1"
        models.promote(registry, models.publish(registry, models.contract(api_version=2)))
        server.says("model serves", version=2)
        with pytest.raises(ClientError, match=r"v1\.PredictionService/Predict is not offered"):
            client.predict("huts", [HUT])
        assert client.predict("huts", [HUT]).model_version == "2"
