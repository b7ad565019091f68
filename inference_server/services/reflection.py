"""gRPC reflection, v1 and v1alpha, which are alike: lets clients without a .proto discover the services."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.rpc import code_pb2
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from inference_server.models.model_pool import ModelPool
from inference_server.rpc.method import Call, Method, Route, reader, writer

SERVICE, NEWER = "grpc.reflection.v1alpha.ServerReflection", "grpc.reflection.v1.ServerReflection"
"""The newer one has no descriptor of its own here, so it is not listed."""


class Reflection:
    """Searches the descriptor pools of the served markets and of the fixed services."""

    def __init__(self, models: ModelPool, fixed: Sequence[str], descriptor_pools: Sequence[Any] = ()) -> None:
        self._models = models
        self._fixed = (*fixed, SERVICE)
        self._fixed_descriptor_pools = (*descriptor_pools, descriptor_pool.Default())

    async def respond(self, request: ServerReflectionRequest, _call: Call) -> ServerReflectionResponse:
        """The response to one request of the stream."""
        kind = request.WhichOneof("message_request")
        response = ServerReflectionResponse(valid_host=request.host, original_request=request)
        if kind == "list_services":
            for name in sorted((*self._fixed, *self._models.services())):
                response.list_services_response.service.add(name=name)
        elif kind == "file_by_filename":
            self._tell_file(response, lambda pool: pool.FindFileByName(request.file_by_filename))
        elif kind == "file_containing_symbol":
            symbol = request.file_containing_symbol
            self._tell_file(response, lambda pool: pool.FindFileContainingSymbol(symbol))
        elif kind == "all_extension_numbers_of_type" and self._knows(request.all_extension_numbers_of_type):
            name = request.all_extension_numbers_of_type
            response.all_extension_numbers_response.base_type_name = name  # proto3 has no extensions
        else:
            _tell_nothing(response)
        return response

    def _descriptor_pools(self) -> Iterator[Any]:
        for model in self._models.services().values():
            yield model.api.pool
        yield from self._fixed_descriptor_pools

    def _knows(self, message: str) -> bool:
        return _first(self._descriptor_pools(), lambda pool: pool.FindMessageTypeByName(message)) is not None

    def _tell_file(self, response: ServerReflectionResponse, find: Callable[[Any], Any]) -> None:
        file = _first(self._descriptor_pools(), find)
        if file is None:
            _tell_nothing(response)
            return
        for one in _with_dependencies(file):
            proto = FileDescriptorProto()
            one.CopyToProto(proto)
            response.file_descriptor_response.file_descriptor_proto.append(proto.SerializeToString())

    def routes(self) -> list[Route]:
        """The one method of each."""
        read, paths = (
            reader(ServerReflectionRequest),
            [f"/{name}/ServerReflectionInfo" for name in (SERVICE, NEWER)],
        )
        return [
            Method(path=path, read=read, handle=self.respond, write=writer, streams=True) for path in paths
        ]


def _first(descriptor_pools: Iterator[Any], find: Callable[[Any], Any]) -> Any:
    for pool in descriptor_pools:
        try:
            return find(pool)
        except KeyError:
            continue
    return None


def _with_dependencies(file: Any) -> list[Any]:
    found = {file.name: file}
    for dependency in file.dependencies:
        found.update({one.name: one for one in _with_dependencies(dependency)})
    return list(found.values())


def _tell_nothing(response: ServerReflectionResponse) -> None:
    response.error_response.error_code = code_pb2.NOT_FOUND
    response.error_response.error_message = "Not found. Ask list_services for what there is."
