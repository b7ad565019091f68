"""The client for threads."""

import itertools
from collections.abc import Sequence
from datetime import date
from typing import Any, Self

import grpc
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from house_prices.contract.schema import Contract
from inference_server.client import typed
from inference_server.client.answers import ClientError, Explanations, Prices, told
from inference_server.client.channels import Target, Tls
from inference_server.client.threads import Batches
from inference_server.client.typed import House, Typed

REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


class Client:
    """Asks one server. May be shared between threads."""

    def __init__(
        self,
        address: str,
        *,
        contracts: Sequence[Contract] = (),
        timeout_seconds: float = 10.0,
        tls: Tls | None = None,
        token: str | None = None,
        connections: int = 1,
    ) -> None:
        """`timeout_seconds` is for a whole call with its retries; see `Tls` and `Target` for the others."""
        self._target = Target(address=address, tls=tls, token=token, connections=connections)
        self._timeout = timeout_seconds
        self._channels = [_channel(self._target) for _ in range(connections)]
        self._next = itertools.cycle(self._channels)
        self._typed = {contract.name: typed.of_contract(contract) for contract in contracts}
        self._batches = Batches(self._price_all)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        for channel in self._channels:
            channel.close()

    def predict(
        self,
        market: str,
        houses: Sequence[House],
        *,
        valuation_date: date | str | None = None,
        timeout_seconds: float | None = None,
    ) -> Prices:
        """The price of each house, given as values by feature name; None is a value not known.

        Prices are as of `valuation_date`, such as 2015-05-27, or of the model's reference date.
        Raises ClientError.
        """
        known = self._known(market)
        return self._send(market, known, typed.request(known, houses, valuation_date), timeout_seconds)

    def explain(
        self,
        market: str,
        houses: Sequence[House],
        *,
        valuation_date: date | str | None = None,
        timeout_seconds: float | None = None,
    ) -> Explanations:
        """Why each house has its price: what each feature contributes. Raises ClientError."""
        known = self._known(market)
        request, response = typed.request(known, houses, valuation_date), typed.explained(known, market)
        return typed.explanations(self._call(market, known.explain_path, request, response, timeout_seconds))

    def predict_one(self, market: str, house: House) -> Prices:
        """The price of one house. Houses of other threads are batched with it into one request.

        Raises ClientError, for this house alone if the other houses are sound.
        """
        (message,) = typed.request(self._known(market), [house]).houses
        return self._batches.ask(market, message)

    def _known(self, market: str) -> Typed:
        try:
            return self._typed.get(market) or self._discover(market)
        except grpc.RpcError as error:
            raise told(error, self._target.address) from error

    def _price_all(self, market: str, houses: Sequence[Any]) -> Prices:
        known = self._known(market)
        return self._send(market, known, known.request(houses=houses), None)

    def _send(self, market: str, known: Typed, request: Any, timeout_seconds: float | None) -> Prices:
        return typed.prices(self._call(market, known.path, request, known.response, timeout_seconds))

    def _call(
        self, market: str, path: str, request: Any, response: Any, timeout_seconds: float | None
    ) -> Any:
        ask = next(self._next).unary_unary(
            path,
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        timeout = self._timeout if timeout_seconds is None else timeout_seconds
        try:
            return ask(request, timeout=timeout, metadata=self._target.metadata)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                self._typed.pop(market, None)  # the market may have a newer API by now: ask again next time
            raise told(error, self._target.address) from error

    def _discover(self, market: str) -> Typed:
        """Learn the newest typed service of a market by reflection."""
        services = self._reflect(ServerReflectionRequest(list_services="")).list_services_response.service
        service = typed.newest([one.name for one in services], market, self._target.address)
        files = self._reflect(ServerReflectionRequest(file_containing_symbol=service))
        found = typed.of_files(service, files.file_descriptor_response.file_descriptor_proto)
        self._typed[market] = found
        return found

    def _reflect(self, request: ServerReflectionRequest) -> ServerReflectionResponse:
        ask = self._channels[0].stream_stream(
            REFLECTION,
            request_serializer=ServerReflectionRequest.SerializeToString,
            response_deserializer=ServerReflectionResponse.FromString,
        )
        responses = list(ask(iter([request]), timeout=self._timeout, metadata=self._target.metadata))
        if len(responses) != 1:
            raise ClientError("INTERNAL", f"{self._target.address}: reflection sent {len(responses)} times.")
        response: ServerReflectionResponse = responses[0]
        return response


def _channel(target: Target) -> grpc.Channel:
    if target.credentials is None:
        return grpc.insecure_channel(target.address, options=target.options)
    return grpc.secure_channel(target.address, target.credentials, options=target.options)
