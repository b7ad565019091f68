"""Requests and answers on the disk, and requests that go on when the disk does not."""

import hmac
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from house_prices.contract import proto
from house_prices.registry import Registry
from inference_server.client import Client
from inference_server.codecs import oip_messages
from tests import models, scrapes, servers
from tests.models import HUT

LOGGED = "inference_predictions_logged_total"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    registry = Registry(tmp_path_factory.mktemp("registry") / "models")
    models.promote(registry, models.publish(registry, model=models.interval_model(models.contract(), base=0)))
    return registry


@pytest.fixture(scope="module")
def logged(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Running]:
    folder = tmp_path_factory.mktemp("storage") / "predictions"
    with servers.serving(registry.root, "--prediction-log", str(folder)) as running:
        running.says("model serves")
        yield running


def lines(server: servers.Running, **facts: object) -> list[dict[str, Any]]:
    """What the log has, with these facts."""
    folder = Path(server.process.args[server.process.args.index("--prediction-log") + 1])  # type: ignore
    found = [json.loads(line) for file in folder.glob("huts/*.jsonl") for line in file.open()]
    return [line for line in found if facts.items() <= line.items()]


def test_a_typed_request_stands_there_with_its_houses_and_prices(logged: servers.Running) -> None:
    typed = proto.load(models.contract())
    with grpc.insecure_channel(logged.address) as channel:
        ask = channel.unary_unary(f"/{typed.service}/Predict", typed.request.SerializeToString)
        ask(typed.request(houses=[HUT]), timeout=10, metadata=[("x-request-id", "mine")])
    (line,) = servers.eventually(lambda: lines(logged, id="mine"))
    known = {"area": 100, "rooms": 3, "garden": 0, "roof": "flat", "view": "none"}
    assert line["houses"] == [known]
    assert (line["record"], "references" in line, "warnings" in line) == (2, False, False)
    assert (line["lower"], line["prices"], line["upper"]) == ([1103], [1203], [1303])
    assert (line["market"], line["version"], line["time"][:2]) == ("huts", 1, "20")


def test_a_tensor_request_stands_there_by_its_own_id(logged: servers.Running) -> None:
    request = oip_messages.messages.ModelInferRequest(model_name="huts", id="tensor-1")
    request.parameters["references"].string_param = '["listing 7"]'
    numbers = request.inputs.add(name="numbers", datatype="FP32", shape=[1, 4])
    numbers.contents.fp32_contents.extend([50, 1, 1, 1])
    categories = request.inputs.add(name="categories", datatype="BYTES", shape=[1, 3])
    categories.contents.bytes_contents.extend([b"flat", b"sea", b""])
    with grpc.insecure_channel(logged.address) as channel:
        channel.unary_unary(oip_messages.path("ModelInfer"))(request.SerializeToString(), timeout=10)
    (line,) = servers.eventually(lambda: lines(logged, id="tensor-1"))
    assert line["houses"] == [{"area": 50, "rooms": 1, "garden": 1, "age": 1, "roof": "flat", "view": "sea"}]
    assert (line["prices"], line["references"]) == ([703], ["listing 7"])


def test_references_are_hashed_with_a_key_if_there_is_one(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a secret\n")
    flags = ["--prediction-log", str(tmp_path / "kept"), "--prediction-log-key-file", str(tmp_path / "key")]
    with (
        servers.serving(registry.root, *flags) as server,
        Client(server.address, contracts=[models.contract()]) as client,
    ):
        server.says("model serves")
        client.predict("huts", [{**HUT, "reference": "12 High Street"}, {**HUT, "area": 1000.0}])
        (line,) = servers.eventually(lambda: lines(server))
    assert line["references"] == [hmac.digest(b"a secret", b"12 High Street", "sha256").hex(), None]
    assert list(line["warnings"]) == ["1"]


def test_every_request_is_written_once_and_counted(logged: servers.Running) -> None:
    before = len(lines(logged))
    with Client(logged.address, contracts=[models.contract()]) as client:
        for _ in range(50):
            client.predict("huts", [HUT])
    assert servers.eventually(lambda: len(lines(logged)) == before + 50)
    assert scrapes.says(logged, before + 50, LOGGED, market="huts", outcome="written")


def test_only_a_sample_is_written_where_that_is_asked_for(registry: Registry, tmp_path: Path) -> None:
    flags = ["--prediction-log", str(tmp_path / "kept"), "--prediction-log-sample", "0.2"]
    with (
        servers.serving(registry.root, *flags) as server,
        Client(server.address, contracts=[models.contract()]) as client,
    ):
        server.says("model serves")
        for _ in range(300):
            client.predict("huts", [HUT])
        assert server.stop() == 0
        assert 20 < len(lines(server)) < 130


def test_a_disk_that_takes_nothing_fails_no_request_and_is_told_once(
    registry: Registry, tmp_path: Path
) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be")
    with (
        servers.serving(registry.root, "--prediction-log", str(tmp_path / "kept" / "in")) as server,
        Client(server.address, contracts=[models.contract()]) as client,
    ):
        server.says("model serves")
        for _ in range(5):
            assert client.predict("huts", [HUT]).prices[0].value == 1203
        assert scrapes.says(server, 5, LOGGED, outcome="failed")
        assert len(server.lines("prediction log cannot be written")) == 1


def test_a_disk_that_hangs_slows_no_request_and_what_it_misses_is_counted(
    registry: Registry, tmp_path: Path
) -> None:
    folder = tmp_path / "kept" / "huts"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "0.jsonl")  # takes a little, and then nothing: nobody reads it
    with (
        servers.serving(registry.root, "--prediction-log", str(tmp_path / "kept")) as server,
        Client(server.address, contracts=[models.contract()]) as client,
    ):
        server.says("model serves")
        for _ in range(20):
            client.predict("huts", [HUT] * 10_000)
        assert 5 <= scrapes.total(server, LOGGED, outcome="dropped") < 20
        assert server.stop() == 0


def test_several_workers_write_files_of_their_own(registry: Registry, tmp_path: Path) -> None:
    flags = ["--prediction-log", str(tmp_path / "kept"), "--workers", "2"]
    with (
        servers.serving(registry.root, *flags) as server,
        Client(server.address, contracts=[models.contract()], connections=12) as client,
    ):
        for _ in range(48):
            client.predict("huts", [HUT])
        assert server.stop() == 0
        assert len(lines(server)) == 48
        assert len(list((tmp_path / "kept" / "huts").glob("*.jsonl"))) == 2
