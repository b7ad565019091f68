"""The messages of the Open Inference Protocol, from `protos/inference/grpc_service.proto`.

They live in a descriptor pool of their own, so that a client's generated package of the same name, such as
tritonclient's, can be imported into the same process. `make protos` compiles the file beside this one.
"""

from importlib import resources
from types import SimpleNamespace
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from inference_server.rpc.method import Method, reader, writer
from inference_server.rpc.role import Role

SERVICE = "inference.GRPCInferenceService"
COMPILED = "grpc_service.binpb"


def _load() -> tuple[descriptor_pool.DescriptorPool, Any]:
    pool = descriptor_pool.DescriptorPool()
    content = resources.files(__package__).joinpath(COMPILED).read_bytes()
    for file in FileDescriptorSet.FromString(content).file:
        pool.Add(file)
    return pool, pool.FindServiceByName(SERVICE)


POOL, _described = _load()
messages: Any = SimpleNamespace(
    **{
        name: message_factory.GetMessageClass(message)
        for name, message in _described.file.message_types_by_name.items()
    }
)
"""Each message class by its name in the `.proto`."""

DATA_TYPES: dict[str, int] = {
    value.name: value.number for value in _described.file.enum_types_by_name["DataType"].values
}


def path(name: str) -> str:
    """/package.Service/Method of a method's name."""
    return f"/{SERVICE}/{name}"


def method(name: str, handle: Any, role: Role = Role.INFERENCE) -> Method[Any, Any]:
    """A method that takes and gives the messages of the `.proto`."""
    request: Any = message_factory.GetMessageClass(_described.methods_by_name[name].input_type)

    return Method(path=path(name), read=reader(request), handle=handle, write=writer, role=role)
