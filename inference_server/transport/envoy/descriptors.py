"""Descriptors for Envoy's JSON transcoder: the typed APIs, health and error details.

The HTTP paths are added here, as google.api.http options, so that the `.proto` that clients compile does not
have to import them.
"""

from collections.abc import Sequence
from typing import Any

from google.api import annotations_pb2, http_pb2
from google.protobuf import any_pb2, descriptor_pb2, duration_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2

from house_prices.contract import proto
from house_prices.contract.schema import Contract

_IMPORTED = (
    descriptor_pb2, any_pb2, duration_pb2, http_pb2, annotations_pb2, status_pb2, error_details_pb2,
)  # fmt: skip
HEALTH = "grpc.health.v1.Health"


def predict_path(contract: Contract) -> str:
    """The path for a market's JSON requests, such as /v1/halfmil:predict."""
    return f"/v{contract.api_version}/{contract.name}:predict"


def service(contract: Contract) -> str:
    """The full name of a market's typed service."""
    return f"{proto.package(contract)}.{proto.SERVICE}"


def descriptors(contracts: Sequence[Contract]) -> FileDescriptorSet:
    """Every file that the transcoder needs, each one after the files that it imports."""
    files = [_copied(module) for module in _IMPORTED]
    files.append(_health())
    files += [_typed(contract) for contract in contracts]
    return FileDescriptorSet(file=files)


def _typed(contract: Contract) -> FileDescriptorProto:
    file = proto.descriptor(contract)
    predict = next(method for method in file.service[0].method if method.name == "Predict")
    _http(predict).post = predict_path(contract)
    _http(predict).body = "*"
    file.dependency.append(annotations_pb2.DESCRIPTOR.name)
    return file


def _health() -> FileDescriptorProto:
    file = _copied(health_pb2)
    check = next(method for method in file.service[0].method if method.name == "Check")
    _http(check).get = "/v1/health"
    file.dependency.append(annotations_pb2.DESCRIPTOR.name)
    return file


def _http(method: MethodDescriptorProto) -> Any:
    return method.options.Extensions[annotations_pb2.http]


def _copied(module: Any) -> FileDescriptorProto:
    file = FileDescriptorProto()
    module.DESCRIPTOR.CopyToProto(file)
    return file
