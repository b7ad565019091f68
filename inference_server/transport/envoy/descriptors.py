"""Descriptors for Envoy's JSON transcoder: the JSON API, health and error details.

They are the same for every market: the transcoder hands a body over as it came, and the server reads it.
"""

from typing import Any

from google.api import annotations_pb2, http_pb2, httpbody_pb2
from google.protobuf import any_pb2, descriptor_pb2, duration_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2

from inference_server.rpc import json_request

_IMPORTED = (
    descriptor_pb2, any_pb2, duration_pb2, http_pb2, httpbody_pb2, annotations_pb2, status_pb2,
    error_details_pb2,
)  # fmt: skip
HEALTH = "grpc.health.v1.Health"
SERVICES = (HEALTH, json_request.SERVICE)
_PATHS = {
    "Predict": "/*/*:predict",
    "Explain": "/*/*:explain",
    "Card": "/*/*:card",
    "Missing": "/v1/**",
}


def descriptors() -> FileDescriptorSet:
    """Every file that the transcoder needs, each one after the files that it imports."""
    return FileDescriptorSet(file=[*map(_copied, _IMPORTED), _health(), _json()])


def _json() -> FileDescriptorProto:
    file = FileDescriptorProto(name="house_prices/json.proto", package="house_prices", syntax="proto3")
    file.dependency.extend([annotations_pb2.DESCRIPTOR.name, httpbody_pb2.DESCRIPTOR.name])
    service = file.service.add(name=json_request.SERVICE.rpartition(".")[2])
    body = ".google.api.HttpBody"
    for name, path in _PATHS.items():
        http = _http(service.method.add(name=name, input_type=body, output_type=body))
        http.post, http.body = path, "*"
        http.additional_bindings.add(get=path)
        for method in ("put", "patch", "delete"):  # answered as JSON, too: that they are not allowed
            http.additional_bindings.add(**{method: path}, body="*")
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
