"""The process: how it starts, how it ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from house_prices.registry import Registry
from inference_server.client import Client, ClientError
from tests import models, servers
from tests.models import HUT

SLOW = [{**HUT, "area": 1000}] * 100
"""Houses that `slow_model` needs a second or so for."""


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path / "models")
    golden = models.golden(models.contract(), base=0)
    models.promote(
        registry, models.publish(registry, model=models.slow_model(models.contract()), golden=golden)
    )
    return registry


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_accepted_requests_end_and_exits_with_zero(registry: Registry, number: int) -> None:
    with (
        servers.serving(registry.root) as server,
        Client(server.address, timeout_seconds=60) as client,
        ThreadPoolExecutor() as pool,
    ):
        server.says("model serves")
        client.predict("huts", [HUT])
        answers = [pool.submit(client.predict, "huts", SLOW) for _ in range(3)]
        time.sleep(0.3)
        assert server.stop(number) == 0
        assert [answer.result().prices[0].value for answer in answers] == [10203.0] * 3


def test_health_is_off_before_the_last_request_ends(registry: Registry) -> None:
    with servers.serving(registry.root) as server, grpc.insecure_channel(server.address) as channel:
        server.says("model serves")
        request = health_pb2.HealthCheckRequest()
        news = health_pb2_grpc.HealthStub(channel).Watch(request, timeout=60)
        assert next(news).status == health_pb2.HealthCheckResponse.SERVING
        with Client(server.address, timeout_seconds=60) as client, ThreadPoolExecutor() as pool:
            answers = [pool.submit(client.predict, "huts", SLOW) for _ in range(4)]
            time.sleep(0.2)
            server.process.send_signal(signal.SIGTERM)
            assert next(news).status == health_pb2.HealthCheckResponse.NOT_SERVING
            assert not all(answer.done() for answer in answers)
            assert [answer.result().model_version for answer in answers] == ["1"] * 4


def test_small_requests_are_answered_while_a_large_one_is_computed(registry: Registry) -> None:
    with (
        servers.serving(registry.root) as server,
        Client(server.address) as client,
        ThreadPoolExecutor() as pool,
    ):
        server.says("model serves")
        large = pool.submit(client.predict, "huts", SLOW)
        time.sleep(0.1)
        client.predict("huts", [{**HUT, "area": 1}])
        assert not large.done()


def test_a_caller_that_gives_up_is_logged_as_such(registry: Registry) -> None:
    with servers.serving(registry.root) as server:
        server.says("model serves")
        with Client(server.address, timeout_seconds=0.2) as client, pytest.raises(ClientError) as caught:
            client.predict("huts", SLOW)
        assert caught.value.code == "DEADLINE_EXCEEDED"
        assert server.says("request", rows=100)["code"] in ("DEADLINE_EXCEEDED", "CANCELLED")


def test_a_port_that_is_taken_is_said_so(registry: Registry) -> None:
    with servers.serving(registry.root) as server:
        command = [sys.executable, "-m", "inference_server", "--models", str(registry.root)]
        second = subprocess.run(
            [*command, "--port", str(server.port)], capture_output=True, text=True, check=False
        )
    assert second.returncode == 1
    assert "another process has it" in second.stderr
    assert "--port" in second.stderr


def test_settings_come_from_variables_too(registry: Registry) -> None:
    environment = {**os.environ, "INFERENCE_SERVER_MAX_ROWS": "2"}
    with servers.serving(registry.root, environment=environment) as server, Client(server.address) as client:
        server.says("model serves")
        with pytest.raises(ClientError, match="has 3 rows, allowed: at most 2"):
            client.predict("huts", [HUT] * 3)


def test_an_idle_stream_keeps_the_process_no_longer_than_the_grace(registry: Registry) -> None:
    path = "/house_prices.huts.v1.PredictionService/PredictStream"
    with servers.serving(registry.root, "--grace-seconds", "0.5") as server:
        server.says("model serves")
        with grpc.insecure_channel(server.address) as channel:
            grpc.channel_ready_future(channel).result(10)
            ended = threading.Event()
            answers = channel.stream_stream(path)(until(ended), timeout=60)
            time.sleep(0.2)
            started = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - started < 30  # the stream would have gone on for a minute
            ended.set()
            assert answers.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


def until(end: threading.Event) -> Iterator[bytes]:
    """No request at all until the end."""
    end.wait()
    yield from ()
