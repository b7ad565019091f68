"""The client for asyncio."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import date
from typing import Any, Self

import grpc
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from house_prices.contract.schema import Contract
from inference_server.client import typed
from inference_server.client.answers import ClientError, Explanations, Prices, told
from inference_server.client.batching import MOST_HOUSES, blamed
from inference_server.client.channels import Target, Tls
from inference_server.client.sync import REFLECTION
from inference_server.client.typed import House, Typed


class AsyncClient:
    """Asks one server, from one event loop."""

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
        self._batches: dict[str, _Batch] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        for channel in self._channels:
            await channel.close()

    async def predict(
        self,
        market: str,
        houses: Sequence[House],
        *,
        valuation_date: date | str | None = None,
        timeout_seconds: float | None = None,
    ) -> Prices:
        """The price of each house; raises ClientError. See `Client.predict`."""
        known = await self._known(market)
        return await self._send(market, known, typed.request(known, houses, valuation_date), timeout_seconds)

    async def explain(
        self,
        market: str,
        houses: Sequence[House],
        *,
        valuation_date: date | str | None = None,
        timeout_seconds: float | None = None,
    ) -> Explanations:
        """Why each house has its price: what each feature contributes. Raises ClientError."""
        known = await self._known(market)
        request, response = typed.request(known, houses, valuation_date), typed.explained(known, market)
        return typed.explanations(
            await self._call(market, known.explain_path, request, response, timeout_seconds)
        )

    async def predict_one(self, market: str, house: House) -> Prices:
        """The price of one house. Houses of other tasks are batched with it into one request.

        Raises ClientError, for this house alone if the other houses are sound.
        """
        (message,) = typed.request(await self._known(market), [house]).houses
        if market not in self._batches:
            self._batches[market] = _Batch(market, self)
        return await self._batches[market].ask(message)

    async def _known(self, market: str) -> Typed:
        try:
            return self._typed.get(market) or await self._discover(market)
        except grpc.RpcError as error:
            raise told(error, self._target.address) from error

    async def price_all(self, market: str, houses: Sequence[Any]) -> Prices:
        """The price of each House message."""
        known = await self._known(market)
        return await self._send(market, known, known.request(houses=houses), None)

    async def _send(self, market: str, known: Typed, request: Any, timeout_seconds: float | None) -> Prices:
        return typed.prices(await self._call(market, known.path, request, known.response, timeout_seconds))

    async def _call(
        self, market: str, path: str, request: Any, response: Any, timeout_seconds: float | None
    ) -> Any:
        ask: Any = next(self._next).unary_unary(
            path,
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        timeout = self._timeout if timeout_seconds is None else timeout_seconds
        try:
            return await ask(request, timeout=timeout, metadata=self._target.metadata)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                self._typed.pop(market, None)  # the market may have a newer API by now: ask again next time
            raise told(error, self._target.address) from error

    async def _discover(self, market: str) -> Typed:
        """Learn the newest typed service of a market by reflection."""
        listed = await self._reflect(ServerReflectionRequest(list_services=""))
        names = [one.name for one in listed.list_services_response.service]
        service = typed.newest(names, market, self._target.address)
        files = await self._reflect(ServerReflectionRequest(file_containing_symbol=service))
        found = typed.of_files(service, files.file_descriptor_response.file_descriptor_proto)
        self._typed[market] = found
        return found

    async def _reflect(self, request: ServerReflectionRequest) -> ServerReflectionResponse:
        ask: Any = self._channels[0].stream_stream(
            REFLECTION,
            request_serializer=ServerReflectionRequest.SerializeToString,
            response_deserializer=ServerReflectionResponse.FromString,
        )
        call = ask(iter([request]), timeout=self._timeout, metadata=self._target.metadata)
        responses = [response async for response in call]
        if len(responses) != 1:
            raise ClientError("INTERNAL", f"{self._target.address}: reflection sent {len(responses)} times.")
        response: ServerReflectionResponse = responses[0]
        return response


class _Batch:
    """Single houses of one market: those that arrive during a request go into the next one."""

    def __init__(self, market: str, client: AsyncClient) -> None:
        self._market = market
        self._client = client
        self._waiting: list[tuple[Any, asyncio.Future[Prices]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, house: Any) -> Prices:
        response: asyncio.Future[Prices] = asyncio.get_running_loop().create_future()
        self._waiting.append((house, response))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_for_all())
        return await response

    async def _ask_for_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_HOUSES], self._waiting[MOST_HOUSES:]
                await self._answer([one for one in batch if not one[1].done()])  # a caller may have gone
        finally:
            self._asking = None

    async def _answer(self, batch: "Sequence[tuple[Any, asyncio.Future[Prices]]]") -> None:
        if not batch:
            return
        try:
            prices = await self._client.price_all(self._market, [house for house, _ in batch])
        except ClientError as error:
            refused = blamed(error, len(batch))
            for place, (_, response) in enumerate(batch):
                if not refused or place in refused:
                    _fail(response, refused.get(place, error))
            await self._answer([one for one in batch if not one[1].done()])
        except Exception as error:
            for _, response in batch:
                _fail(response, error)
            raise
        else:
            for place, (_, response) in enumerate(batch):
                if not response.done():
                    response.set_result(prices.only(place))


def _fail(response: "asyncio.Future[Prices]", error: Exception) -> None:
    if not response.done():
        response.set_exception(error)


def _channel(target: Target) -> "grpc.aio.Channel":
    if target.credentials is None:
        return grpc.aio.insecure_channel(target.address, options=target.options)
    return grpc.aio.secure_channel(target.address, target.credentials, options=target.options)
