"""The JSON API: HTTP bodies that a front door hands over as they came."""

from google.api.httpbody_pb2 import HttpBody

from inference_server.arrays import Inputs
from inference_server.codecs import json_houses
from inference_server.errors import BadMessage, ModelNotFound, PathNotFound, listed, quoted
from inference_server.models.executor import Executor
from inference_server.models.loaded_model import LoadedModel
from inference_server.models.model_pool import ModelPool
from inference_server.rpc.json_request import EXPLAIN, MISSING, PREDICT, JsonRequest
from inference_server.rpc.method import Call, Metadata, Method, Route, Subject, model_version, reader, writer
from inference_server.services import prediction
from inference_server.services.explanation import Explained, Explaining
from inference_server.services.prediction import Request, Response

_VERBS = ("predict", "explain")
_read_body = reader(HttpBody)


class JsonApi:
    """Prices as JSON, of the markets that the pool has at each call."""

    def __init__(self, pool: ModelPool, executor: Executor, explaining: Explaining, *, max_rows: int) -> None:
        self._pool = pool
        self._executor = executor
        self._explaining = explaining
        self._max_rows = max_rows

    def routes(self) -> list[Route]:
        """The methods."""
        predict = Method(
            path=PREDICT, read=self._read, handle=self._predict, write=_write, subject=self._subject
        )
        explain = Method(
            path=EXPLAIN,
            read=self._read,
            handle=self._explain,
            write=_write_explained,
            subject=self._subject,
        )
        missing = Method(path=MISSING, read=_as_it_is, handle=self._miss, write=bytes, is_served=False)
        return [predict, explain, missing]

    def _read(self, raw: bytes, call: Call) -> Request:
        asked = JsonRequest.of(call.metadata)
        if not asked.market:
            raise self._missing(asked)
        model = self._model(asked, call)
        call.subject = Subject(market=model.market, version=model.version)
        if asked.method != "POST":
            raise BadMessage(f"{asked.path} was asked by {asked.method}, allowed: POST of a JSON body.")
        if asked.query:
            raise BadMessage(f"{asked.path} takes no query, came {quoted(asked.query)}. Send it in the body.")
        inputs: Inputs = model.json.read(_read_body(raw, call).data, max_rows=self._max_rows)
        call.subject = Subject(market=model.market, version=model.version, rows=inputs.rows)
        return Request(model=model, inputs=inputs)

    def _model(self, asked: JsonRequest, call: Call) -> LoadedModel:
        model = self._pool.find(asked.market, call.model_version)
        if model.contract.api_version != asked.api_version:
            raise ModelNotFound(
                f"{asked.market} is served at {_path(model, 'predict')}, not at {quoted(asked.path)}."
            )
        return model

    async def _predict(self, request: Request, call: Call) -> Response:
        return await prediction.predict(self._executor, request, call)

    async def _explain(self, request: Request, call: Call) -> Explained:
        return await self._explaining.explain(request.model, request.inputs, call)

    async def _miss(self, _request: bytes, call: Call) -> bytes:
        raise self._missing(JsonRequest.of(call.metadata))

    def _missing(self, asked: JsonRequest) -> PathNotFound:
        paths = [_path(model, verb) for model in self._pool.champions().values() for verb in _VERBS]
        known = listed([f"POST {path}" for path in paths])
        return PathNotFound(f"There is nothing at {quoted(asked.path)}. There is: {known}; GET /v1/health.")

    def _subject(self, metadata: Metadata) -> Subject:
        market = JsonRequest.of(metadata).market
        model = self._pool.get(market, model_version(metadata))
        return Subject(market=market, version=model.version) if model else Subject()


def _path(model: LoadedModel, verb: str) -> str:
    return f"/v{model.contract.api_version}/{model.market}:{verb}"


def _as_it_is(raw: bytes, _call: Call) -> bytes:
    return raw


def _write(response: Response) -> bytes:
    model = response.model
    body = model.json.write(response.prices, response.warnings, model.version)
    return writer(HttpBody(content_type="application/json", data=body))


def _write_explained(explained: Explained) -> bytes:
    body = json_houses.explained(explained.explanations, explained.model.version)
    return writer(HttpBody(content_type="application/json", data=body))
