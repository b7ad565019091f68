"""The client that needs no stubs."""

from collections.abc import Iterator

import pytest

from house_prices.registry import Registry
from inference_server.client import Client, ClientError
from tests import models, servers
from tests.models import HUT


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Running]:
    registry = Registry(tmp_path_factory.mktemp("server") / "models")
    models.promote(registry, models.publish(registry, model=models.interval_model(models.contract(), base=0)))
    with servers.serving(registry.root) as running:
        running.says("model serves")
        yield running


@pytest.mark.parametrize("contracts", [[], [models.contract()]])
def test_it_prices_houses_with_a_contract_or_by_asking_the_server(
    server: servers.Running, contracts: list
) -> None:
    with Client(server.address, contracts=contracts) as client:
        price = client.predict("huts", [HUT]).prices[0]
    assert (price.lower, price.value, price.upper) == (1103, 1203, 1303)


def test_whole_numbers_from_a_table_of_floats_are_taken_as_such(server: servers.Running) -> None:
    house = {"area": 100, "rooms": 3.0, "garden": 1.0, "roof": "flat", "age": None}
    with Client(server.address) as client:
        assert client.predict("huts", [house]).prices[0].value == 1204


@pytest.mark.parametrize(
    ("house", "message"),
    [
        ({"aera": 100}, "aera: is no feature, allowed: area, rooms, garden"),
        ({"rooms": 2.5}, "rooms: came 2.5"),
        ({"roof": 3}, "roof: came 3"),
        ({"area": "large"}, "area: came 'large'"),
    ],
)
def test_a_value_that_fits_no_field_is_named_before_anything_is_sent(server, house, message) -> None:
    with Client(server.address) as client, pytest.raises(ClientError, match=message) as caught:
        client.predict("huts", [house])
    assert caught.value.code == "INVALID_ARGUMENT"


def test_a_market_that_is_not_served_is_told_with_what_is(server: servers.Running) -> None:
    with Client(server.address) as client, pytest.raises(ClientError, match=r"no market 'castles'.*huts"):
        client.predict("castles", [HUT])


def test_a_server_that_is_not_there_is_named() -> None:
    with Client("127.0.0.1:1") as client, pytest.raises(ClientError, match=r"127\.0\.0\.1:1") as caught:
        client.predict("huts", [HUT])
    assert caught.value.code == "UNAVAILABLE"
