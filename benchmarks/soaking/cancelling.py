"""Callers that cancel, in each state that a call can be in."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import grpc

from benchmarks.server import Server, eventually, serving
from benchmarks.soaking import huts
from benchmarks.soaking.huts import API, price
from benchmarks.soaking.result import Result, counted, result_of
from house_prices.registry import Registry

TIMES, FEW = 20, 5
QUICK, LONG = 1, 1000
"""Efforts: almost nothing, and a few tenths of a second."""
PREDICT, STREAM = f"/{API.service}/Predict", f"/{API.service}/PredictStream"


class Leaving:
    """Brings calls into a state and cancels them. Each method returns how many the server surely saw."""

    def __init__(self, server: Server, channel: grpc.Channel) -> None:
        self._server = server
        self._unary: Any = channel.unary_unary(PREDICT)
        self._stream: Any = channel.stream_stream(STREAM)

    def asks(self) -> float:
        """Does not leave; gives the price."""
        answer: Any = API.response.FromString(self._unary(request(QUICK), timeout=20))
        return float(answer.predictions[0].price)

    def before_sending(self) -> int:
        """The request may or may not be sent."""
        for _ in range(TIMES):
            self._unary.future(request(QUICK), timeout=60).cancel()
        return 0

    def queued(self) -> int:
        """More requests than threads, so that most of them wait."""
        return self._in_flight(TIMES)

    def computing(self) -> int:
        """One at a time, so that it gets a thread at once."""
        return sum(self._in_flight(1) for _ in range(FEW))

    def _in_flight(self, count: int) -> int:
        calls = [self._unary.future(request(LONG), timeout=60) for _ in range(count)]
        eventually(lambda: self._server.metric("inference_in_flight") >= count)
        for call in calls:
            call.cancel()
        eventually(lambda: self._server.metric("inference_in_flight") == 0)
        return count

    def answering(self) -> int:
        """Nobody reads, so that the server waits for room for its response."""
        for _ in range(FEW):
            call = self._stream(iter([request(QUICK, rows=5000)] * 400), timeout=60)
            time.sleep(0.3)
            call.cancel()
        return FEW

    def in_a_stream(self) -> int:
        """With one answer read, and the next request never asked."""
        for _ in range(TIMES):
            never = threading.Event()
            call = self._stream(_once(never), timeout=60)
            next(call)
            call.cancel()
            never.set()
        return TIMES


def cancelling(registry: Registry) -> Result:
    """After each state no call is left in flight and the next request is answered."""
    huts.promoted(registry, effort=huts.LONG)
    facts, broken = [], []
    with serving(registry, log_sample=1.0) as server, grpc.insecure_channel(server.address) as channel:
        leaving = Leaving(server, channel)
        for state in (
            leaving.before_sending, leaving.queued, leaving.computing, leaving.answering, leaving.in_a_stream,
        ):  # fmt: skip
            name = state.__name__.replace("_", " ")
            before = server.metric("inference_requests_total")
            seen, started = state(), time.monotonic()
            if not _are_gone(server, before + seen):
                broken.append(name)
            facts.append(f"{name} {seen}, none left after {time.monotonic() - started:.2f} s")
        is_right = leaving.asks() == price(1, 1)
        codes = Counter(line["code"] for line in server.lines("request"))
    if broken:
        facts.append(f"left behind: {', '.join(broken)}")
    facts.append(f"logged {counted(codes)}")
    return result_of(
        "; ".join(facts),
        in_flight_back_at_0=not broken,
        no_code_but_OK_and_CANCELLED=set(codes) <= {"OK", "CANCELLED"},
        answers_afterwards=is_right,
    )


def _are_gone(server: Server, ended: float) -> bool:
    """Wait until nothing is in flight and this many calls have ended."""

    def are_gone() -> bool:
        told = server.metric("inference_requests_total")
        return told >= ended and server.metric("inference_in_flight") == 0

    try:
        return bool(eventually(are_gone, 10))
    except TimeoutError:
        return False


def request(effort: int, rows: int = 1) -> bytes:
    """A PredictRequest."""
    return bytes(API.request(houses=[{"area": 1, "effort": effort}] * rows).SerializeToString())


def _once(end: threading.Event) -> Iterator[bytes]:
    yield request(QUICK)
    end.wait()
