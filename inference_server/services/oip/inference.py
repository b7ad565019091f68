"""ModelInfer and ModelStreamInfer: tensors in, tensors out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inference_server.arrays import Inputs, Prices
from inference_server.codecs import oip_messages
from inference_server.codecs.oip_messages import messages
from inference_server.errors import BadTensor, ModelFailed, ServingError
from inference_server.models.executor import Compute
from inference_server.models.loaded_model import LiveModel
from inference_server.models.model_pool import LiveModels
from inference_server.models.statistics import Timing
from inference_server.rpc.method import Call, Method, Route, Subject, reader
from inference_server.transport.concurrency_limit import ACCEPTED


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A request's arrays, and the model that will price them: a swap meanwhile changes nothing for them."""

    live: LiveModel
    inputs: Inputs
    outputs: Sequence[str]
    id: str
    raw: bool
    """Whether values came as bytes, and go back as such."""
    timing: Timing


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Prices for a question."""

    question: Question
    prices: Prices


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """A request of a stream that has no answer. The stream goes on."""

    model: str
    id: str
    error: ServingError


class Inference:
    """Prices tensors with any loaded version."""

    def __init__(self, live: LiveModels, compute: Compute, *, max_rows: int) -> None:
        self._live = live
        self._compute = compute
        self._max_rows = max_rows
        self._parsed = reader(messages.ModelInferRequest)

    def read(self, raw: bytes, _call: Call) -> Question:
        """The arrays of one request."""
        return self._question(self._parsed(raw, None))

    def _question(self, request: Any) -> Question:
        live = self._live.find(request.model_name, request.model_version)
        with live.statistics.timing(ACCEPTED.get()) as timing:
            inputs = live.tensors.read(request, max_rows=self._max_rows)
            outputs = live.tensors.wanted(request)
            timing.decoded()
        raw = len(request.raw_input_contents) > 0
        return Question(live=live, inputs=inputs, outputs=outputs, id=request.id, raw=raw, timing=timing)

    async def infer(self, question: Question, call: Call) -> Answer:
        """The prices."""
        with question.timing:
            try:
                prices = await self._compute.predict(question.live.model, question.inputs, call)
            except ModelFailed as error:
                raise BadTensor(
                    "The model has no finite price for these tensors. Values are not checked here; the typed "
                    "API tells which of them the contract refuses."
                ) from error
            question.timing.computed(call.work.waited)
        return Answer(question=question, prices=prices)

    def read_of_stream(self, raw: bytes, _call: Call) -> Question | Refused:
        """As `read`, but what is refused does not end the stream."""
        request = self._parsed(raw, None)
        try:
            return self._question(request)
        except ServingError as error:
            return Refused(model=request.model_name, id=request.id, error=error)

    async def infer_of_stream(self, question: Question | Refused, call: Call) -> Answer | Refused:
        """As `infer`, but what is refused does not end the stream."""
        if isinstance(question, Refused):
            return question
        try:
            return await self.infer(question, call)
        except ServingError as error:
            return Refused(model=question.live.market, id=question.id, error=error)

    def routes(self) -> list[Route]:
        """Both methods."""
        return [
            Method(
                path=oip_messages.path("ModelInfer"),
                read=self.read,
                handle=self.infer,
                write=_write,
                subject=_subject,
            ),
            Method(
                path=oip_messages.path("ModelStreamInfer"),
                read=self.read_of_stream,
                handle=self.infer_of_stream,
                write=_write_to_stream,
                streams=True,
                subject=_subject,
            ),
        ]


def _subject(question: Question | Refused) -> Subject:
    if isinstance(question, Refused):
        return Subject()
    live = question.live
    return Subject(market=live.market, version=live.version, rows=question.inputs.rows, id=question.id)


def _write(answer: Answer) -> bytes:
    written: bytes = _filled(answer, messages.ModelInferResponse()).SerializeToString()
    answer.question.timing.encoded(answer.question.inputs.rows)
    return written


def _write_to_stream(answer: Answer | Refused) -> bytes:
    response = messages.ModelStreamInferResponse()
    if isinstance(answer, Refused):
        response.error_message = str(answer.error)
        response.infer_response.model_name, response.infer_response.id = answer.model, answer.id
        written: bytes = response.SerializeToString()
        return written
    _filled(answer, response.infer_response)
    written = response.SerializeToString()
    answer.question.timing.encoded(answer.question.inputs.rows)
    return written


def _filled(answer: Answer, response: Any) -> Any:
    question = answer.question
    response.model_name, response.id = question.live.market, question.id
    response.model_version = str(question.live.version)
    question.live.tensors.write(response, answer.prices, question.outputs, raw=question.raw)
    return response
