"""The typed API: PredictionService of each market, whose messages its contract describes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inference_server.arrays import Inputs, Prices
from inference_server.models.executor import Compute
from inference_server.models.loaded_model import LiveModel
from inference_server.models.model_pool import LiveModels
from inference_server.models.statistics import Timing
from inference_server.rpc.method import Call, Method, Subject
from inference_server.transport.concurrency_limit import ACCEPTED

_NAME = re.compile(r"house_prices\.(?P<market>\w+)\.v\d+\.PredictionService")


@dataclass(kw_only=True, slots=True)
class Question:
    """Houses, and the model that will price them: a swap meanwhile changes nothing for them."""

    live: LiveModel
    inputs: Inputs
    timing: Timing


@dataclass(kw_only=True, slots=True)
class Answer:
    """Prices from the model that the question named."""

    question: Question
    prices: Prices
    warnings: Mapping[int, Sequence[str]]
    """By row."""


class PredictionServices:
    """The typed services of all markets that serve, as the live models are at each call."""

    def __init__(self, live: LiveModels, compute: Compute, *, max_rows: int) -> None:
        self._live = live
        self._compute = compute
        self._max_rows = max_rows
        self._methods: dict[str, Method[Question, Answer]] = {}

    def find(self, path: str) -> Method[Question, Answer] | None:
        """The method of a path, where a market serves it or may come to."""
        service, _, name = path[1:].partition("/")
        if name not in ("Predict", "PredictStream"):
            return None
        if service not in self._live.services():
            return self._method(path, service) if self._is_awaited(service) else None
        if path not in self._methods:
            self._methods[path] = self._method(path, service)
        return self._methods[path]

    def _is_awaited(self, service: str) -> bool:
        named = _NAME.fullmatch(service)
        if not named or named["market"] in self._live.champions():
            return False
        return self._live.is_expected(named["market"])

    def _method(self, path: str, service: str) -> Method[Question, Answer]:
        def read(raw: bytes, call: Call) -> Question:
            live = self._live.of_service(service, call.model_version)
            with live.statistics.timing(ACCEPTED.get()) as timing:
                inputs = live.codec.read(raw, max_rows=self._max_rows)
                timing.decoded()
            return Question(live=live, inputs=inputs, timing=timing)

        return Method(
            path=path,
            read=read,
            handle=self._predict,
            write=_write,
            streams=path.endswith("Stream"),
            subject=_subject,
        )

    async def _predict(self, question: Question, call: Call) -> Answer:
        with question.timing:
            prices = await self._compute.predict(question.live.model, question.inputs, call)
            warnings = question.live.ranges.warnings(question.inputs)
            question.timing.computed(call.work.waited)
        return Answer(question=question, prices=prices, warnings=warnings)


def _write(answer: Answer) -> bytes:
    live = answer.question.live
    written = live.codec.write(answer.prices, answer.warnings, live.version)
    answer.question.timing.encoded(answer.question.inputs.rows)
    return written


def _subject(question: Question) -> Subject:
    live = question.live
    return Subject(market=live.market, version=live.version, rows=question.inputs.rows)
