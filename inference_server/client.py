"""A client that needs no generated stubs.

    with Client("127.0.0.1:8001") as client:
        client.predict("halfmil", [{"area": 120, "garage": 1}]).prices[0].value

It learns a market's messages by asking the server, or from the market's contract where that is given.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse
from grpc_status import rpc_status

from house_prices import api
from house_prices.contract import Contract, Value

_REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


class ClientError(Exception):
    """The server could not be asked, or did not answer with prices."""

    def __init__(self, code: str, message: str, faults: Sequence[str] = ()) -> None:
        self.code = code
        """Name of the gRPC status, such as UNAVAILABLE."""
        self.faults = tuple(faults)
        """One sentence for each field that the server refuses."""
        super().__init__("\n".join([message, *(f"  {fault}" for fault in faults)]))


@dataclass(frozen=True, kw_only=True)
class Price:
    """The price of one house, in the market's currency."""

    value: float
    lower: float | None
    """Lower end of the prediction interval; None where the model has none."""
    upper: float | None
    warnings: tuple[str, ...]
    """What makes the price less certain."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """The answer to one request."""

    prices: tuple[Price, ...]
    """In the order of the houses."""
    model_version: str
    """The registry version that gave them."""


@dataclass(frozen=True, kw_only=True)
class _Typed:
    """What is needed to call one market."""

    predict: Any
    request: Any
    house: Any


class Client:
    """Asks one server. May be shared between threads."""

    def __init__(
        self, address: str, *, contracts: Sequence[Contract] = (), timeout_seconds: float = 10.0
    ) -> None:
        self._address = address
        self._timeout = timeout_seconds
        self._channel = grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", -1)])
        loaded = {contract.name: api.load(contract) for contract in contracts}
        self._typed = {name: self._join(one.service, one.pool) for name, one in loaded.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def predict(self, market: str, houses: Sequence[Mapping[str, Value | None]]) -> Prices:
        """The price of each house, given as values by feature name; None is a value not known.

        Raises ClientError.
        """
        try:
            typed = self._typed.get(market) or self._discover(market)
            request = typed.request(houses=[_house(typed.house, values) for values in houses])
            response = typed.predict(request, timeout=self._timeout)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                self._typed.pop(market, None)  # the market may have a newer API by now: ask again next time
            raise _told(error, self._address) from error
        prices = tuple(_price(prediction) for prediction in response.predictions)
        return Prices(prices=prices, model_version=response.model_version)

    def _discover(self, market: str) -> _Typed:
        """Learn the newest typed service of a market by reflection."""
        listed = self._reflect(ServerReflectionRequest(list_services="")).list_services_response.service
        found = re.compile(rf"house_prices\.{re.escape(market)}\.v(\d+)\.{api.SERVICE}")
        versions = {int(match[1]): match[0] for one in listed if (match := found.fullmatch(one.name))}
        if not versions:
            served = ", ".join(sorted(one.name for one in listed))
            raise ClientError(
                "NOT_FOUND", f"{self._address} serves no market {market!r}; it serves {served}."
            )
        service = versions[max(versions)]
        files = self._reflect(ServerReflectionRequest(file_containing_symbol=service))
        pool = descriptor_pool.DescriptorPool()
        for file in files.file_descriptor_response.file_descriptor_proto:
            pool.Add(FileDescriptorProto.FromString(file))
        self._typed[market] = self._join(service, pool)
        return self._typed[market]

    def _reflect(self, question: ServerReflectionRequest) -> ServerReflectionResponse:
        ask = self._channel.stream_stream(
            _REFLECTION,
            request_serializer=ServerReflectionRequest.SerializeToString,
            response_deserializer=ServerReflectionResponse.FromString,
        )
        (answer,) = ask(iter([question]), timeout=self._timeout, wait_for_ready=False)
        return answer

    def _join(self, service: str, pool: Any) -> _Typed:
        method = pool.FindServiceByName(service).methods_by_name["Predict"]
        request: Any = message_factory.GetMessageClass(method.input_type)
        response: Any = message_factory.GetMessageClass(method.output_type)
        predict = self._channel.unary_unary(
            f"/{service}/Predict",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )
        house = method.input_type.fields_by_name["houses"].message_type
        return _Typed(predict=predict, request=request, house=message_factory.GetMessageClass(house))


def _house(message: Any, values: Mapping[str, Value | None]) -> Any:
    """A House; raises ClientError where a name or a type is not the market's."""
    house = message()
    for name, value in values.items():
        if value is None:
            continue
        if name not in message.DESCRIPTOR.fields_by_name:
            known = ", ".join(message.DESCRIPTOR.fields_by_name)
            raise ClientError("INVALID_ARGUMENT", f"{name}: is no feature, allowed: {known}")
        try:
            setattr(house, name, _whole(value))
        except (TypeError, ValueError) as error:
            raise ClientError("INVALID_ARGUMENT", f"{name}: came {value!r}: {error}") from error
    return house


def _whole(value: Value) -> Value:
    """An integer field takes 2, but not 2.0, which is what tables of numbers give; a double takes both."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _price(prediction: Any) -> Price:
    return Price(
        value=prediction.price,
        lower=prediction.lower if prediction.HasField("lower") else None,
        upper=prediction.upper if prediction.HasField("upper") else None,
        warnings=tuple(prediction.warnings),
    )


def _told(error: Any, address: str) -> ClientError:
    """What the server said, with every fault in the status details."""
    status = rpc_status.from_call(error)
    faults = []
    for detail in status.details if status else ():
        refused = error_details_pb2.BadRequest()
        if detail.Unpack(refused):
            faults += [f"{fault.field}: {fault.description}" for fault in refused.field_violations]
    return ClientError(error.code().name, f"{address}: {error.details()}", faults)
