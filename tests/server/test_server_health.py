"""Whether the server says rightly that it serves, and what it offers."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from house_prices.contract import proto
from house_prices.registry import Registry
from tests import models, servers

SERVICE = "house_prices.huts.v1.PredictionService"
Status = health_pb2.HealthCheckResponse


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Running]:
    """A server with a champion, which no test changes."""
    registry = Registry(tmp_path_factory.mktemp("server") / "models")
    models.promote(registry, models.publish(registry))
    with servers.serving(registry.root) as running:
        running.says("model serves")
        yield running


def watch(channel: grpc.Channel, service: str) -> Iterator[str]:
    request = health_pb2.HealthCheckRequest(service=service)
    for answer in health_pb2_grpc.HealthStub(channel).Watch(request, timeout=servers.DEADLINE_SECONDS):
        yield Status.ServingStatus.Name(answer.status)


def reflect(address: str, request: ServerReflectionRequest) -> ServerReflectionResponse:
    with grpc.insecure_channel(address) as channel:
        (answer,) = ServerReflectionStub(channel).ServerReflectionInfo(iter([request]), timeout=10)
    return answer


def services(address: str) -> list[str]:
    listed = reflect(address, ServerReflectionRequest(list_services=""))
    return [one.name for one in listed.list_services_response.service]


def test_it_serves_once_a_champion_does_and_not_before(registry: Registry) -> None:
    with servers.serving(registry.root) as server:
        assert server.health() == "NOT_SERVING"
        models.promote(registry, models.publish(registry))
        servers.eventually(lambda: server.health() == "SERVING")
        assert server.health(SERVICE) == "SERVING"


def test_a_service_that_is_not_served_is_not_found(server: servers.Running) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        server.health("house_prices.castles.v1.PredictionService")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_watching_tells_of_the_first_champion_of_no_swap_and_of_the_stop(registry: Registry) -> None:
    with servers.serving(registry.root) as server, grpc.insecure_channel(server.address) as channel:
        overall, one = watch(channel, ""), watch(channel, SERVICE)
        assert (next(overall), next(one)) == ("NOT_SERVING", "SERVICE_UNKNOWN")
        for number in (1, 2, 3):
            models.promote(registry, models.publish(registry, base=number))
            server.says("model serves", version=number)
        assert server.stop() == 0
        assert list(overall) == ["SERVING", "NOT_SERVING"]
        assert list(one) == ["SERVING", "NOT_SERVING"]


def test_one_watcher_that_leaves_does_not_take_the_news_from_another(registry: Registry) -> None:
    with servers.serving(registry.root) as server, grpc.insecure_channel(server.address) as staying:
        news = watch(staying, "")
        assert next(news) == "NOT_SERVING"
        with grpc.insecure_channel(server.address) as leaving:
            assert next(watch(leaving, "")) == "NOT_SERVING"
        models.promote(registry, models.publish(registry))
        assert next(news) == "SERVING"


def test_reflection_lists_what_serves_now(registry: Registry) -> None:
    with servers.serving(registry.root) as server:
        fixed = ["grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"]
        fixed_last = ["inference.GRPCInferenceService"]
        assert services(server.address) == [*fixed, *fixed_last]
        models.promote(registry, models.publish(registry))
        server.says("model serves")
        assert services(server.address) == [*fixed, SERVICE, *fixed_last]


@pytest.mark.parametrize(
    "symbol",
    [SERVICE, "house_prices.huts.v1.House", "grpc.health.v1.Health", "inference.GRPCInferenceService"],
)
def test_reflection_gives_the_file_of_a_symbol(server: servers.Running, symbol: str) -> None:
    answer = reflect(server.address, ServerReflectionRequest(file_containing_symbol=symbol))
    (file,) = answer.file_descriptor_response.file_descriptor_proto
    assert symbol.startswith(FileDescriptorProto.FromString(file).package)


def test_the_newer_reflection_answers_as_the_older(server: servers.Running) -> None:
    """`buf curl --reflect-protocol grpc-v1` asks no other."""
    asked = ServerReflectionRequest(file_containing_symbol=SERVICE)
    with grpc.insecure_channel(server.address) as channel:
        ask = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
        (answer,) = ask(iter([asked.SerializeToString()]), timeout=10)
    assert ServerReflectionResponse.FromString(answer) == reflect(server.address, asked)


def test_the_reflected_file_is_the_printed_one(server: servers.Running) -> None:
    name = str(proto.path(models.contract()))
    answer = reflect(server.address, ServerReflectionRequest(file_by_filename=name))
    (file,) = answer.file_descriptor_response.file_descriptor_proto
    assert FileDescriptorProto.FromString(file) == proto.descriptor(models.contract())


def test_reflection_says_what_it_does_not_know(server: servers.Running) -> None:
    answer = reflect(server.address, ServerReflectionRequest(file_containing_symbol="no.such.Thing"))
    assert answer.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
