"""What a request is about is known before it is decoded, whatever becomes of it."""

import asyncio
from typing import Any

import pytest

from inference_server.errors import BadMessage, DeadlinePassed, MessageTooLarge, ServingError
from inference_server.observability import Failed, Observer, Priced
from inference_server.rpc.dispatch import CallLog, Dispatcher
from inference_server.rpc.method import Call, Method, Subject

PATH = "/house_prices.huts.v1.PredictionService/Predict"


class Recorder(Observer):
    def __init__(self) -> None:
        self.events: list[Failed | Priced] = []

    def failed(self, failed: Failed) -> None:
        self.events.append(failed)

    def priced(self, priced: Priced) -> None:
        self.events.append(priced)


def method(version: int = 3) -> Method[Any, Any]:
    """Prices every request but "bad"; "soft" is refused without an error."""

    def read(raw: bytes, call: Call) -> bytes:
        if raw == b"bad":
            raise BadMessage("bad")
        call.subject = Subject(market="huts", version=version, rows=2)
        return raw

    async def handle(request: bytes, call: Call) -> bytes:
        if request == b"soft":
            call.refusal = BadMessage("soft")
        else:
            call.prices = [1.0, 2.0]
        return request

    def subject(_metadata: object) -> Subject:
        return Subject(market="huts", version=version)

    return Method(path=PATH, read=read, handle=handle, write=bytes, subject=subject)


def dispatch(raw: bytes, version: int = 3, deadline: float | None = None) -> tuple[CallLog, list[Any]]:
    recorder, log = Recorder(), CallLog()
    dispatcher = Dispatcher(recorder, max_message_bytes=10)
    call = Call(deadline=deadline, metadata={})
    try:
        asyncio.run(dispatcher.dispatch(method(version), raw, call, log))
    except ServingError as error:
        recorder.events.append(error)  # type: ignore[arg-type]
    return log, recorder.events


@pytest.mark.parametrize(
    ("raw", "deadline", "refusal"),
    [(b"bad", None, BadMessage), (b"x" * 11, None, MessageTooLarge), (b"good", 0.0, DeadlinePassed)],
)
def test_a_refused_request_is_known_by_its_market_and_version(
    raw: bytes, deadline: float | None, refusal: type[ServingError]
) -> None:
    log, (failed, error) = dispatch(raw, deadline=deadline)
    assert (failed.method, failed.market, failed.version) == (PATH, "huts", 3)
    assert isinstance(error, refusal)
    assert log.subject == Subject(market="huts", version=3)
    assert log.messages == 0


def test_a_priced_request_is_told_with_its_rows() -> None:
    log, (priced,) = dispatch(b"good")
    assert (priced.market, priced.version, priced.rows, priced.prices) == ("huts", 3, 2, [1.0, 2.0])
    assert (log.messages, log.rows) == (1, 2)


def test_a_request_that_its_stream_survives_counts_as_failed_too() -> None:
    log, (failed,) = dispatch(b"soft")
    assert (failed.market, failed.version, log.messages) == ("huts", 3, 1)


def test_a_request_for_no_loaded_version_is_no_failure_of_a_model() -> None:
    log, (error,) = dispatch(b"bad", version=0)
    assert isinstance(error, BadMessage)
    assert log.subject == Subject(market="huts")
