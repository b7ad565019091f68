"""Ten times as many requests as the server can answer."""

import time
from collections import Counter
from concurrent.futures import Future
from statistics import median
from typing import Any

import grpc

from benchmarks.server import eventually, serving
from benchmarks.soaking import huts
from benchmarks.soaking.callers import Callers
from benchmarks.soaking.cancelling import PREDICT, request
from benchmarks.soaking.result import Result, counted, result_of
from house_prices.registry import Registry

EFFORT = 400
IN_FLIGHT = 4
SECONDS = 10.0
TIMES = 10
SHARE = 0.5
"""Smallest share of the capacity that must remain; the callers use the server's cores too."""
REFUSED = 0.25
"""Longest refusal as a share of a response's time, by medians, since a busy machine slows both."""


def overload(registry: Registry) -> Result:
    """Measure the capacity with as many callers as may be in flight, then offer ten times that steadily."""
    huts.promoted(registry, effort=huts.LONG)
    with serving(registry, "--max-in-flight", str(IN_FLIGHT)) as server:
        with Callers(server.address, threads=IN_FLIGHT, effort=EFFORT) as callers:
            time.sleep(SECONDS / 2)
        capacity = callers.codes["OK"] / (SECONDS / 2)
        answers = _offered(server.address, TIMES * capacity)
        eventually(lambda: server.metric("inference_in_flight") == 0)
    codes = Counter(code for code, _ in answers)
    goodput = codes["OK"] / SECONDS
    answered_s = median([seconds for code, seconds in answers if code == "OK"] or [0.0])
    refused_s = median([seconds for code, seconds in answers if code != "OK"] or [0.0])
    facts = (
        f"capacity {capacity:.0f}/s, offered {len(answers) / SECONDS:.0f}/s, {counted(codes)}, goodput "
        f"{goodput / capacity:.0%} of the capacity (at least {SHARE:.0%}), median refusal after "
        f"{refused_s * 1000:.1f} ms, median answer after {answered_s * 1000:.0f} ms"
    )
    return result_of(
        facts,
        goodput=goodput >= SHARE * capacity,
        refused_as_promised=set(codes) <= {"OK", "RESOURCE_EXHAUSTED", "CANCELLED", "UNAVAILABLE"},
        refused_at_once=refused_s <= REFUSED * answered_s,
    )


def _offered(address: str, rate: float) -> list[tuple[str, float]]:
    """Code and seconds of each request."""
    asked: list[Future[tuple[str, float]]] = []
    message = request(EFFORT)
    with grpc.insecure_channel(address) as channel:
        ask: Any = channel.unary_unary(PREDICT)
        started = time.perf_counter()
        while (now := time.perf_counter() - started) < SECONDS:
            if len(asked) < now * rate:
                asked.append(_timed(ask, message))
            else:
                time.sleep(0.001)
        return [one.result(30) for one in asked]


def _timed(ask: Any, message: bytes) -> "Future[tuple[str, float]]":
    told: Future[tuple[str, float]] = Future()
    started = time.perf_counter()
    call = ask.future(message, timeout=20)
    call.add_done_callback(lambda one: told.set_result((one.code().name, time.perf_counter() - started)))
    return told
