"""An unmodified `buf curl`, which learns what to send by reflection."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from house_prices.registry import Registry
from tests import models, servers
from tests.models import HUT
from tests.tensors import PRICE

BUF = Path(sys.executable).parent / "buf"
METHOD = "house_prices.huts.v1.PredictionService/Predict"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Running]:
    registry = Registry(tmp_path_factory.mktemp("buf") / "models")
    models.promote(registry, models.publish(registry))
    with servers.serving(registry.root) as running:
        running.says("model serves")
        yield running


def curl(server: servers.Running, reflection: str, **house: object) -> "subprocess.CompletedProcess[str]":
    flags = ["--protocol", "grpc", "--http2-prior-knowledge", "--reflect-protocol", reflection]
    asked = json.dumps({"houses": [{**HUT, **house}]})
    command = [BUF, "curl", *flags, "--data", asked, f"http://{server.address}/{METHOD}"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("reflection", ["grpc-v1", "grpc-v1alpha"])
def test_it_is_told_the_price(server: servers.Running, reflection: str) -> None:
    told = curl(server, reflection)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["predictions"][0]["price"] == PRICE


def test_it_is_told_a_fault_with_its_details(server: servers.Running) -> None:
    told = json.loads(curl(server, "grpc-v1", area=0).stderr)
    assert told["code"] == "invalid_argument"
    (detail,) = told["details"]
    assert detail["type"] == "google.rpc.BadRequest"
