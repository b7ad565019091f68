"""Why a price, over a real socket."""

import asyncio
from collections.abc import Iterator

import pytest

from house_prices.registry import Registry
from inference_server.client import AsyncClient, Client, ClientError
from tests import models, servers
from tests.models import HUT


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """The first version is of the time before explanations; the second serves."""
    registry = Registry(tmp_path_factory.mktemp("registry") / "models")
    models.publish(registry, background=None)
    models.promote(registry, models.publish(registry, base=500))
    return registry


@pytest.fixture(scope="module")
def server(registry: Registry) -> Iterator[servers.Running]:
    with servers.serving(registry.root) as running:
        running.says("model serves")
        yield running


def test_contributions_lead_from_typical_sales_to_the_price(server: servers.Running) -> None:
    with Client(server.address) as client:
        answer = client.explain("huts", [HUT, {**HUT, "area": 50}])
        prices = client.predict("huts", [HUT, {**HUT, "area": 50}]).prices
    assert answer.model_version == "2"
    for explained, price in zip(answer.explanations, prices, strict=True):
        total = explained.base + sum(one.amount for one in explained.contributions)
        assert explained.price == price.value == pytest.approx(total, rel=1e-4)
    first = answer.explanations[0].contributions[0]
    assert first.features == ("area",)
    assert first.amount == pytest.approx(10 * (100 - 35))
    assert first.factor is None


def test_the_client_for_asyncio_explains_too(server: servers.Running) -> None:
    async def explain() -> float:
        async with AsyncClient(server.address) as client:
            return (await client.explain("huts", [HUT])).explanations[0].price

    assert asyncio.run(explain()) == 1703


def test_a_house_with_faults_is_not_explained(server: servers.Running) -> None:
    with Client(server.address) as client, pytest.raises(ClientError) as refused:
        client.explain("huts", [{**HUT, "area": 0}])
    assert refused.value.code == "INVALID_ARGUMENT"
    assert refused.value.faults == ("houses[0].area: came 0, allowed: a number from 1 to 1000 m2",)


def test_more_houses_than_allowed_are_refused(server: servers.Running) -> None:
    with Client(server.address) as client, pytest.raises(ClientError) as refused:
        client.explain("huts", [HUT] * 17)
    assert "17 houses to explain, allowed: at most 16" in refused.value.message


def test_a_version_without_typical_sales_says_so(registry: Registry) -> None:
    models.promote(registry, registry.version("huts", 1))
    with servers.serving(registry.root) as server, Client(server.address) as client:
        server.says("model serves")
        with pytest.raises(ClientError) as refused:
            client.explain("huts", [HUT])
        models.promote(registry, registry.version("huts", 2))
    assert refused.value.code == "FAILED_PRECONDITION"
    assert "version 1 of huts was published without typical sales" in refused.value.message
