"""A refused request is logged and counted under the market and version that it asked, and under no other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from house_prices.contract import proto
from house_prices.registry import Registry
from inference_server.codecs import oip_messages
from inference_server.observability.events import OTHER
from tests import models, scrapes, servers, tensors
from tests.models import HUT
from tests.tensors import raw_request

TYPED = proto.load(models.contract())
PREDICT = f"/{TYPED.service}/Predict"
INFER = oip_messages.path("ModelInfer")
MOST_ROWS, MOST_BYTES = 5, 1000


def houses(rows: int = 1, **changes: object) -> bytes:
    return bytes(TYPED.request(houses=[{**HUT, **changes}] * rows).SerializeToString())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Running]:
    """Version 2 is the champion, version 1 stays loaded; barns wait for a champion."""
    registry = Registry(tmp_path_factory.mktemp("server") / "models")
    for base in (1, 2):
        models.promote(registry, models.publish(registry, base=base))
    models.publish(registry, models.contract(name="barns"))
    limits = ["--max-rows", str(MOST_ROWS), "--max-message-bytes", str(MOST_BYTES)]
    with servers.serving(registry.root, *limits) as running:
        running.says("previous model kept", version=1)
        yield running


def refused(server: servers.Running, path: str, raw: bytes, **metadata: str) -> dict[str, Any]:
    """The log line of a refused request."""
    sent = [(key.replace("_", "-"), value) for key, value in metadata.items()]
    before = len(server.lines("request"))
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError):
        channel.unary_unary(path)(raw, timeout=10, metadata=sent)
    return servers.eventually(lambda: next(iter(server.lines("request")[before:]), None))


@pytest.mark.parametrize(
    ("path", "raw", "metadata", "subject", "code"),
    [
        (PREDICT, b"no message", {}, ("huts", 2), "INVALID_ARGUMENT"),
        (PREDICT, houses(area=0), {}, ("huts", 2), "INVALID_ARGUMENT"),
        (PREDICT, houses(area=0), {"model_version": "1"}, ("huts", 1), "INVALID_ARGUMENT"),
        (PREDICT, houses(MOST_ROWS + 1), {}, ("huts", 2), "INVALID_ARGUMENT"),
        (PREDICT, b"x" * (MOST_BYTES + 1), {}, ("huts", 2), "RESOURCE_EXHAUSTED"),
        (PREDICT, houses(), {"model_version": "99"}, ("huts", 0), "NOT_FOUND"),
        (PREDICT.replace("huts", "barns"), houses(), {}, ("barns", 0), "UNAVAILABLE"),
        (INFER, raw_request(model_version="1", inputs=[]), {}, ("huts", 1), "INVALID_ARGUMENT"),
        (INFER, raw_request(MOST_ROWS + 1), {}, ("huts", 2), "INVALID_ARGUMENT"),
        (INFER, raw_request(model_version="99"), {}, ("huts", 0), "NOT_FOUND"),
        (INFER, raw_request(model_name="barns"), {}, ("barns", 0), "UNAVAILABLE"),
    ],
)
def test_a_refused_request_has_its_market_and_version(
    server: servers.Running,
    path: str,
    raw: Any,
    metadata: dict[str, str],
    subject: tuple[str, int],
    code: str,
) -> None:
    line = refused(server, path, raw if isinstance(raw, bytes) else raw.SerializeToString(), **metadata)
    assert (line["code"], line["market"], line["version"]) == (code, *subject)
    method = path if subject[0] == "huts" else INFER if path == INFER else OTHER  # barns have no model yet
    labels = {"method": method, "code": code, "market": subject[0], "version": str(subject[1] or "")}
    assert scrapes.total(server, "inference_requests_total", **labels) >= 1


def test_names_and_versions_that_a_caller_makes_up_become_no_label(server: servers.Running) -> None:
    unknown = raw_request(model_name="invented", model_version="77").SerializeToString()
    assert refused(server, INFER, unknown)["market"] == ""
    assert refused(server, PREDICT.replace("huts", "invented"), houses())["market"] == ""
    refused(server, PREDICT, houses(), model_version="77")
    labels = [value for _, labels in scrapes.samples(server) for _, value in labels]
    assert not any(value in ("invented", "77") for value in labels)


def test_a_stream_that_goes_on_has_the_market_of_its_last_request(server: servers.Running) -> None:
    with tensors.calling(server.address) as call:
        (answer,) = call.stream([raw_request(model_version="1", inputs=[])])
    assert answer.error_message
    line = server.says("request", method=oip_messages.path("ModelStreamInfer"))
    assert (line["market"], line["version"]) == ("huts", 1)


def test_a_caller_without_credentials_is_counted_with_the_market(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    models.promote(registry, models.publish(registry))
    (tmp_path / "tokens").touch(0o600)
    (tmp_path / "tokens").write_text("inference-secret-1\n")
    with servers.serving(registry.root, "--inference-token-file", str(tmp_path / "tokens")) as server:
        server.says("model serves")
        line = refused(server, PREDICT, houses())
    assert (line["code"], line["market"], line["version"]) == ("UNAUTHENTICATED", "huts", 1)


def test_a_request_shed_for_load_is_counted_with_the_market(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    golden = models.golden(models.contract(), base=0)
    slow = models.slow_model(models.contract())
    models.promote(registry, models.publish(registry, model=slow, golden=golden))
    with (
        servers.serving(registry.root, "--max-in-flight", "1") as server,
        grpc.insecure_channel(server.address) as channel,
        ThreadPoolExecutor(8) as pool,
    ):
        server.says("model serves")
        ask = channel.unary_unary(PREDICT)
        list(pool.map(lambda _: ask.future(houses(100, area=300), timeout=20).exception(), range(8)))
        line = server.says("request", code="RESOURCE_EXHAUSTED")
        assert (line["market"], line["version"]) == ("huts", 1)
        labels = {"market": "huts", "version": "1", "code": "RESOURCE_EXHAUSTED"}
        assert scrapes.total(server, "inference_requests_total", **labels) >= 1
