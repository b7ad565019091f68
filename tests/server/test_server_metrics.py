"""What Prometheus is told, over HTTP."""

import json
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from house_prices.registry import Registry
from inference_server.client import Client, ClientError
from tests import models, scrapes, servers
from tests.models import HUT

PREDICT = "/house_prices.huts.v1.PredictionService/Predict"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Running]:
    registry = Registry(tmp_path_factory.mktemp("server") / "models")
    models.promote(registry, models.publish(registry))
    with servers.serving(registry.root) as running:
        running.says("model serves")
        yield running


def test_requests_are_counted_by_method_market_version_and_code(server: servers.Running) -> None:
    with Client(server.address, contracts=[models.contract()]) as client:
        for _ in range(3):
            client.predict("huts", [HUT] * 2)
        with pytest.raises(ClientError):
            client.predict("huts", [])
    name = "inference_requests_total"
    labels = {"method": PREDICT, "market": "huts", "version": "1"}
    assert scrapes.total(server, name, **labels, code="OK") == 3
    assert scrapes.total(server, name, method=PREDICT, code="INVALID_ARGUMENT") == 1
    assert scrapes.total(server, "inference_rows_total", market="huts", version="1") == 6


def test_the_parts_of_a_request_are_timed(server: servers.Running) -> None:
    with Client(server.address, contracts=[models.contract()]) as client:
        before = scrapes.total(server, "inference_phase_seconds_count", phase="compute")
        client.predict("huts", [HUT] * 100)
    for phase in ("queue", "decode", "compute", "encode"):
        assert scrapes.total(server, "inference_phase_seconds_count", phase=phase) == before + 1
        parts = scrapes.total(server, "inference_phase_seconds_sum", phase=phase)
        assert 0 < parts < scrapes.total(server, "inference_request_seconds_sum", method=PREDICT)


def test_a_method_that_nobody_offers_becomes_no_label(server: servers.Running) -> None:
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError):
        channel.unary_unary("/a.lie/Number1")(b"", timeout=10)
    assert scrapes.total(server, "inference_requests_total", method="other", code="UNIMPLEMENTED") >= 1
    assert not any("lie" in str(labels) for _, labels in scrapes.samples(server))


def test_the_champion_is_named_with_its_checksum_and_the_former_one_is_not(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    models.promote(registry, models.publish(registry))
    with servers.serving(registry.root) as server:
        server.says("model serves", version=1)
        second = models.publish(registry, base=2)
        models.promote(registry, second)
        server.says("model serves", version=2)
        facts = {"market": "huts", "version": "2", "sha256": second.manifest.sha256}
        assert scrapes.total(server, "inference_champion_info", **facts) == 1
        assert scrapes.total(server, "inference_champion_info", market="huts") == 1


def test_loads_and_replays_are_counted_by_outcome(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    models.promote(registry, models.publish(registry))
    with servers.serving(registry.root) as server:
        server.says("model serves", version=1)
        wrong = models.publish(registry, base=2, golden=models.golden(models.contract(), base=3))
        models.promote_unchecked(registry, wrong)
        server.says("model refused", version=2)
        loads, replays = "inference_model_loads_total", "inference_golden_replays_total"
        assert scrapes.total(server, loads, market="huts", outcome="loaded") == 1
        assert scrapes.total(server, loads, market="huts", outcome="replay_failed") == 1
        assert scrapes.total(server, replays, outcome="passed") == 1
        assert scrapes.total(server, replays, outcome="failed") == 1
        assert scrapes.total(server, "inference_model_load_seconds_count") == 2


def test_metrics_can_be_switched_off(tmp_path: Path) -> None:
    with servers.serving(tmp_path / "models", "--metrics-port", "off") as server:
        assert server.metrics_port is None


def test_a_metrics_port_that_is_taken_ends_the_start_and_is_named(
    server: servers.Running, tmp_path: Path
) -> None:
    ended = servers.run(tmp_path / "models", "--metrics-port", str(server.metrics_port))
    assert ended.returncode == 1
    assert "another process has it" in ended.stderr
    assert "INFERENCE_SERVER_METRICS_PORT" in ended.stderr


def test_log_lines_of_sound_requests_can_be_sampled_and_those_of_others_all_stay(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    models.promote(registry, models.publish(registry))
    with servers.serving(registry.root, "--log-sample", "0") as server, Client(server.address) as client:
        server.says("model serves")
        client.predict("huts", [HUT])
        with pytest.raises(ClientError):
            client.predict("huts", [])
        assert server.says("request")["code"] == "INVALID_ARGUMENT"
        assert json.dumps(server.lines("request")).count('"method"') == 1
