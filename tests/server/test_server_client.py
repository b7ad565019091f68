"""The client that needs no stubs."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest

from house_prices.contract import proto
from house_prices.registry import Registry
from inference_server.client import AsyncClient, Client, ClientError, Prices, Tls
from inference_server.client.channels import Target
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
        ({"aera": 100}, r"aera: is not a feature\. Did you mean area\? Allowed: area, rooms, garden"),
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


def test_single_houses_of_many_threads_go_in_few_requests(server: servers.Running) -> None:
    areas = range(100, 200)
    before = len(server.lines("request"))
    with Client(server.address, contracts=[models.contract()]) as client, ThreadPoolExecutor(50) as pool:
        answers = pool.map(lambda area: client.predict_one("huts", {**HUT, "area": area}), areas)
        assert [answer.prices[0].value for answer in answers] == [203 + 10 * area for area in areas]
    assert len(server.lines("request")) - before < 80


def test_single_houses_of_many_tasks_go_in_few_requests(server: servers.Running) -> None:
    areas = range(100, 230)
    before = len(server.lines("request"))

    async def ask() -> list[float]:
        async with AsyncClient(server.address, contracts=[models.contract()]) as client:
            asked = [client.predict_one("huts", {**HUT, "area": area}) for area in areas]
            return [answer.prices[0].value for answer in await asyncio.gather(*asked)]

    assert asyncio.run(ask()) == [203 + 10 * area for area in areas]
    assert len(server.lines("request")) - before == 3


def test_a_refused_house_fails_alone_and_with_its_own_faults(server: servers.Running) -> None:
    houses = [HUT, {**HUT, "area": -1}, HUT, {**HUT, "roof": "thatch", "rooms": -1}]

    async def ask() -> list[object]:
        async with AsyncClient(server.address, contracts=[models.contract()]) as client:
            asked = [client.predict_one("huts", house) for house in houses]
            return await asyncio.gather(*asked, return_exceptions=True)

    def ask_on_threads() -> list[object]:
        with Client(server.address, contracts=[models.contract()]) as client, ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(client.predict_one, "huts", house) for house in houses]
            return [one.exception() or one.result() for one in asked]

    for answers in (asyncio.run(ask()), ask_on_threads()):
        assert [isinstance(answer, ClientError) for answer in answers] == [False, True, False, True]
        assert answers[1].faults == ("houses[0].area: came -1, allowed: a number from 1 to 1000 m2",)
        assert len(answers[3].faults) == 2


def test_the_asynchronous_client_learns_a_market_by_asking(server: servers.Running) -> None:
    async def ask() -> Prices:
        async with AsyncClient(server.address, connections=3) as client:
            with pytest.raises(ClientError, match="serves no market 'castles'"):
                await client.predict("castles", [HUT])
            return await client.predict("huts", [HUT])

    assert asyncio.run(ask()).prices[0].value == 1203


def test_only_unavailable_is_tried_again() -> None:
    unavailable, internal = grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL
    with failing([unavailable, unavailable]) as (address, asked):
        with Client(address, contracts=[models.contract()]) as client:
            assert client.predict("huts", [HUT]).model_version == "7"
        assert len(asked) == 3
    with failing([internal]) as (address, asked):
        with Client(address, contracts=[models.contract()]) as client, pytest.raises(ClientError) as caught:
            client.predict("huts", [HUT])
        assert (caught.value.code, len(asked)) == ("INTERNAL", 1)


def test_a_deadline_is_for_the_call_with_its_retries() -> None:
    with failing([grpc.StatusCode.UNAVAILABLE] * 9) as (address, _):
        started = time.monotonic()
        with Client(address, contracts=[models.contract()]) as client, pytest.raises(ClientError) as caught:
            client.predict("huts", [HUT], timeout_seconds=0.05)
        assert caught.value.code in ("DEADLINE_EXCEEDED", "UNAVAILABLE")
        assert time.monotonic() - started < 5


def test_a_token_shows_in_no_description_of_the_client() -> None:
    target = Target(address="x", tls=Tls(key=b"private"), token="secret", connections=1)  # noqa: S106
    assert "secret" not in repr(target)
    assert "private" not in repr(target)


@contextmanager
def failing(codes: list[grpc.StatusCode]) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers with these codes first, and with a price of version 7 then."""
    asked: list[bytes] = []
    answer = proto.load(models.contract()).response(predictions=[{"price": 1}], model_version="7")

    def handle(raw: bytes, context: grpc.ServicerContext) -> bytes:
        asked.append(raw)
        if len(asked) <= len(codes):
            context.abort(codes[len(asked) - 1], "so it is told")
        return answer.SerializeToString()

    class Every(grpc.GenericRpcHandler):
        def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
            return grpc.unary_unary_rpc_method_handler(handle)

    server = grpc.server(ThreadPoolExecutor(2), handlers=[Every()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", asked
    finally:
        server.stop(None).wait()
