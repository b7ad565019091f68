"""The typed API: PredictionService of each market, whose messages its contract describes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from house_prices.contract import proto
from inference_server.arrays import Inputs, Prices
from inference_server.codecs import explanations
from inference_server.errors import BadHouses, FieldFault, ModelFailed
from inference_server.models.executor import Executor
from inference_server.models.loaded_model import LoadedModel
from inference_server.models.model_pool import ModelPool
from inference_server.rpc.method import Call, Metadata, Method, Subject, model_version
from inference_server.services.explanation import Explained, Explaining

_NAME = re.compile(r"house_prices\.(?P<market>\w+)\.v\d+\.PredictionService")


@dataclass(kw_only=True, slots=True)
class Request:
    """Houses, and the model that will price them, whatever is promoted meanwhile."""

    model: LoadedModel
    inputs: Inputs


@dataclass(kw_only=True, slots=True)
class Response:
    """Prices from the model of the request."""

    model: LoadedModel
    prices: Prices
    warnings: Mapping[int, Sequence[str]]
    """By row."""


class PredictionServices:
    """The typed services of all markets, as the pool has them at each call."""

    def __init__(self, pool: ModelPool, executor: Executor, explaining: Explaining, *, max_rows: int) -> None:
        self._pool = pool
        self._executor = executor
        self._explaining = explaining
        self._max_rows = max_rows
        self._methods: dict[str, Method[Request, Any]] = {}
        pool.on_change(self._methods.clear)

    def find(self, path: str) -> Method[Request, Any] | None:
        """The method of a path, if a market serves it or may come to; else None."""
        if known := self._methods.get(path):
            return known
        service, _, name = path[1:].partition("/")
        if name not in proto.METHODS:
            return None
        if service not in self._pool.services():
            return self._method(path, service, is_served=False) if self._is_awaited(service) else None
        self._methods[path] = found = self._method(path, service)
        return found

    def _is_awaited(self, service: str) -> bool:
        market = _market(service)
        return market not in self._pool.champions() and self._pool.is_expected(market)

    def _method(self, path: str, service: str, *, is_served: bool = True) -> Method[Request, Any]:
        market, explains = _market(service), path.endswith("/Explain")

        def read(raw: bytes, call: Call) -> Request:
            model = self._pool.of_service(service, call.model_version)
            inputs = model.codec.read(raw, max_rows=self._max_rows)
            call.subject = Subject(market=model.market, version=model.version, rows=inputs.rows)
            return Request(model=model, inputs=inputs)

        def subject(metadata: Metadata) -> Subject:
            model = self._pool.get(market, model_version(metadata))
            is_served = model and model.api.service == service
            return Subject(market=market, version=model.version if model and is_served else 0)

        return Method(
            path=path,
            read=read,
            handle=self._explain if explains else self._handle,
            write=_write_explained if explains else _write,
            streams=path.endswith("Stream"),
            subject=subject,
            is_served=is_served,
        )

    async def _handle(self, request: Request, call: Call) -> Response:
        return await predict(self._executor, request, call)

    async def _explain(self, request: Request, call: Call) -> Explained:
        return await self._explaining.explain(request.model, request.inputs, call)


async def predict(executor: Executor, request: Request, call: Call) -> Response:
    """The prices of a request, with its warnings, which the call keeps for its record."""
    try:
        prices = await executor.predict(request.model.onnx, request.inputs, call)
    except ModelFailed as error:
        if beyond := _warnings(request.model, request.inputs):
            raise BadHouses(list(_unpriced(beyond))) from error
        raise
    warnings = call.warnings = _warnings(request.model, request.inputs)
    return Response(model=request.model, prices=prices, warnings=warnings)


def _warnings(model: LoadedModel, inputs: Inputs) -> dict[int, list[str]]:
    """Of each house, by row: values, and a date, beyond what the model was trained on."""
    found = {} if inputs.in_range else model.ranges.warnings(inputs)
    if inputs.valuation_date and (late := model.dates.warning(inputs.valuation_date)):
        for row in range(inputs.rows):
            found.setdefault(row, []).append(late)
    return found


def _unpriced(warnings: Mapping[int, Sequence[str]]) -> Iterator[FieldFault]:
    """Values that are allowed, but so far from those of training that a price may overflow."""
    for row, sentences in warnings.items():
        told = "; ".join(sentences)
        yield FieldFault(field=f"houses[{row}]", description=f"the model has no finite price, and {told}")


def _market(service: str) -> str:
    """The market of a typed service; empty for another service."""
    named = _NAME.fullmatch(service)
    return named["market"] if named else ""


def _write(response: Response) -> bytes:
    model = response.model
    return model.codec.write(response.prices, response.warnings, model.version)


def _write_explained(explained: Explained) -> bytes:
    model = explained.model
    return explanations.written(model.api, explained.explanations, model.version)
