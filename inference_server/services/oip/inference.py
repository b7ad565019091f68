"""ModelInfer and ModelStreamInfer: tensors in, tensors out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inference_server.arrays import Inputs, Prices
from inference_server.codecs import oip_messages
from inference_server.codecs.oip_messages import messages
from inference_server.errors import BadTensor, ModelFailed, ServingError
from inference_server.models.executor import Executor
from inference_server.models.loaded_model import LoadedModel
from inference_server.models.model_pool import ModelPool
from inference_server.rpc.method import Call, Method, Route, Subject, reader


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request's arrays, and the model that will price them, whatever is promoted meanwhile."""

    model: LoadedModel
    inputs: Inputs
    outputs: Sequence[str]
    id: str
    raw: bool
    """Whether values came as bytes, and go back as bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """Prices for a request."""

    request: Request
    prices: Prices


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """A refused request of a stream. The stream goes on."""

    model_name: str
    id: str
    error: ServingError


class Inference:
    """Prices tensors with any loaded version."""

    def __init__(self, pool: ModelPool, executor: Executor, *, max_rows: int) -> None:
        self._pool = pool
        self._executor = executor
        self._max_rows = max_rows
        self._parsed = reader(messages.ModelInferRequest)

    def read(self, raw: bytes, call: Call) -> Request:
        """The arrays of one request."""
        return self._request(self._parsed(raw, None), call)

    def _request(self, message: Any, call: Call) -> Request:
        call.subject = self._subject(message)
        model = self._pool.find(message.model_name, message.model_version)
        inputs = model.tensors.read(message, max_rows=self._max_rows)
        outputs = model.tensors.wanted(message)
        call.subject = call.subject._replace(rows=inputs.rows)
        raw = len(message.raw_input_contents) > 0
        return Request(model=model, inputs=inputs, outputs=outputs, id=message.id, raw=raw)

    def _subject(self, message: Any) -> Subject:
        market = message.model_name if self._pool.knows(message.model_name) else ""
        model = self._pool.get(market, message.model_version)
        return Subject(market=market, version=model.version if model else 0, id=message.id)

    async def infer(self, request: Request, call: Call) -> Response:
        """The prices."""
        try:
            prices = await self._executor.predict(request.model.onnx, request.inputs, call)
        except ModelFailed as error:
            raise BadTensor(
                "The model has no finite price for these tensors. Values are not checked here; the typed "
                "API tells which of them the contract refuses."
            ) from error
        return Response(request=request, prices=prices)

    def read_of_stream(self, raw: bytes, call: Call) -> Request | Refused:
        """As `read`, but a refused request does not end the stream."""
        message = self._parsed(raw, None)
        try:
            return self._request(message, call)
        except ServingError as error:
            call.refusal = error
            return Refused(model_name=message.model_name, id=message.id, error=error)

    async def infer_of_stream(self, request: Request | Refused, call: Call) -> Response | Refused:
        """As `infer`, but a refused request does not end the stream."""
        if isinstance(request, Refused):
            return request
        try:
            return await self.infer(request, call)
        except ServingError as error:
            call.refusal = error
            return Refused(model_name=request.model.market, id=request.id, error=error)

    def routes(self) -> list[Route]:
        """Both methods."""
        return [
            Method(
                path=oip_messages.path("ModelInfer"),
                read=self.read,
                handle=self.infer,
                write=_write,
            ),
            Method(
                path=oip_messages.path("ModelStreamInfer"),
                read=self.read_of_stream,
                handle=self.infer_of_stream,
                write=_write_to_stream,
                streams=True,
            ),
        ]


def _write(response: Response) -> bytes:
    written: bytes = _filled(response, messages.ModelInferResponse()).SerializeToString()
    return written


def _write_to_stream(response: Response | Refused) -> bytes:
    message = messages.ModelStreamInferResponse()
    if isinstance(response, Refused):
        message.error_message = str(response.error)
        message.infer_response.model_name, message.infer_response.id = response.model_name, response.id
    else:
        _filled(response, message.infer_response)
    written: bytes = message.SerializeToString()
    return written


def _filled(response: Response, message: Any) -> Any:
    request = response.request
    message.model_name, message.id = request.model.market, request.id
    message.model_version = str(request.model.version)
    request.model.tensors.write(message, response.prices, request.outputs, raw=request.raw)
    return message
