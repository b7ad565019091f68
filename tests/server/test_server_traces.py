"""Spans at a collector: over gRPC and over HTTP, below the caller's own."""

import http.server
import os
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from house_prices.contract import proto
from house_prices.registry import Registry
from tests import models, servers
from tests.models import HUT

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
Arrived = queue.Queue[bytes]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    registry = Registry(tmp_path_factory.mktemp("registry") / "models")
    models.promote(registry, models.publish(registry))
    return registry


@contextmanager
def over_grpc(arrived: Arrived) -> Iterator[int]:
    def take(raw: bytes, _context: grpc.ServicerContext) -> bytes:
        arrived.put(raw)
        return b""

    class Every(grpc.GenericRpcHandler):
        def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
            return grpc.unary_unary_rpc_method_handler(take)

    server = grpc.server(ThreadPoolExecutor(2), handlers=[Every()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port
    server.stop(None).wait()


@contextmanager
def over_http(arrived: Arrived) -> Iterator[int]:
    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name is http.server's
            arrived.put(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever).start()
    yield server.server_port
    server.shutdown()


@pytest.mark.parametrize(("how", "collector"), [("otlp-grpc", over_grpc), ("otlp-http", over_http)])
def test_a_call_is_a_span_below_the_callers_with_its_parts_below_itself(
    registry: Registry, how: str, collector: Any
) -> None:
    arrived: Arrived = queue.Queue()
    with collector(arrived) as port:
        spans = traced(registry, how, f"http://127.0.0.1:{port}", arrived)
    call = spans["house_prices.huts.v1.PredictionService/Predict"]
    assert (call.trace_id.hex(), call.parent_span_id.hex()) == (TRACE, PARENT)
    facts = {one.key: one.value for one in call.attributes}
    assert (facts["inference.market"].string_value, facts["inference.version"].int_value) == ("huts", 1)
    for part in ("queue", "decode", "compute", "encode"):
        assert spans[part].parent_span_id == call.span_id
        assert call.start_time_unix_nano <= spans[part].start_time_unix_nano + 1_000_000


def traced(registry: Registry, how: str, endpoint: str, arrived: Arrived) -> dict[str, Any]:
    """Spans by name, of one call that has a parent."""
    environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
    typed = proto.load(models.contract())
    with servers.serving(registry.root, "--traces", how, environment=environment) as server:
        server.says("model serves")
        with grpc.insecure_channel(server.address) as channel:
            ask = channel.unary_unary(f"/{typed.service}/Predict", typed.request.SerializeToString)
            parent = ("traceparent", f"00-{TRACE}-{PARENT}-01")
            ask(typed.request(houses=[HUT]), timeout=10, metadata=[parent])
        assert server.stop() == 0
    request = ExportTraceServiceRequest.FromString(arrived.get(timeout=10))
    scopes = [scope for resource in request.resource_spans for scope in resource.scope_spans]
    return {span.name: span for scope in scopes for span in scope.spans}


def test_a_collector_that_is_not_there_fails_no_request_and_holds_no_end(registry: Registry) -> None:
    environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    typed = proto.load(models.contract())
    with servers.serving(registry.root, "--traces", "otlp-http", environment=environment) as server:
        server.says("model serves")
        with grpc.insecure_channel(server.address) as channel:
            ask = channel.unary_unary(f"/{typed.service}/Predict", typed.request.SerializeToString)
            assert ask(typed.request(houses=[HUT]), timeout=10)
        assert server.stop() == 0


def test_a_missing_extra_is_said_so(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "opentelemetry").mkdir()
    (tmp_path / "opentelemetry" / "__init__.py").touch()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ended = servers.run(
        registry.root, "--metrics-port", "off", "--traces", "otlp-grpc", environment=environment
    )
    assert ended.returncode == 1
    assert "Install house-prices[traces]" in ended.stderr
