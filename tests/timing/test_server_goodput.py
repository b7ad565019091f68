"""How much a server answers while ten times too much is asked."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from house_prices.registry import Registry
from inference_server.client import Client
from tests import models, servers
from tests.server.test_server_limits import ask, asks_until


def test_a_server_under_overload_answers_at_least_half_of_what_it_can(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    slow = models.slow_model(models.contract())
    models.promote(
        registry, models.publish(registry, model=slow, golden=models.golden(models.contract(), base=0))
    )
    with (
        servers.serving(registry.root, "--max-in-flight", "4") as server,
        Client(server.address, contracts=[models.contract()], timeout_seconds=30) as client,
        ThreadPoolExecutor(40) as pool,
    ):
        server.says("model serves")
        ask(client)
        started = time.monotonic()
        alone = [pool.submit(ask, client) for _ in range(4)]
        assert [one.result() for one in alone] == ["OK"] * 4
        capacity = 4 / (time.monotonic() - started)

        started = time.monotonic()
        end = started + 2.5
        codes = [code for codes in pool.map(lambda _: asks_until(client, end), range(40)) for code in codes]
        assert codes.count("OK") / (time.monotonic() - started) > 0.5 * capacity
