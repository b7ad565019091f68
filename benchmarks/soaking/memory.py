"""Memory while everything happens at once, for a long time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import grpc
import numpy as np

from benchmarks.processes import pss_kb
from benchmarks.server import serving
from benchmarks.soaking import huts
from benchmarks.soaking.callers import Callers
from benchmarks.soaking.cancelling import PREDICT, STREAM, request
from benchmarks.soaking.loading import Acts
from benchmarks.soaking.result import Result, counted, result_of
from house_prices.registry import Registry

SAMPLE_S = 1.0
SWAP_S = 5.0
MB_A_MINUTE = 1.0
"""Largest slope allowed in the second half."""


def memory(registry: Registry, minutes: float) -> Result:
    """Valid, invalid, large, streamed and cancelled requests, loads and swaps.

    Samples are of the anonymous part of the worker's PSS. The rest is libraries and depends on which other
    processes use them.
    """
    versions = [huts.promoted(registry), huts.promoted(registry)]
    with serving(registry) as server:
        (worker,) = server.workers()
        samples: list[tuple[float, float]] = []
        whole_mb = pss_kb(worker) / 1024
        with Callers(server.address, threads=2) as callers, _odd(server.address) as counts:
            started = last_swap = time.monotonic()
            while (now := time.monotonic()) - started < minutes * 60:
                samples.append(((now - started) / 60, pss_kb(worker, "Pss_Anon") / 1024))
                if now - last_swap >= SWAP_S:
                    last_swap = now
                    versions.reverse()
                    huts.promote(registry, versions[-1])
                time.sleep(SAMPLE_S)
    later = np.array([sample for sample in samples if sample[0] >= minutes / 2])
    slope = float(np.polyfit(later[:, 0], later[:, 1], 1)[0])
    facts = (
        f"{minutes:g} minutes, {counted(callers.codes)}, {sum(counts)} odd requests; PSS {whole_mb:.1f} MB, "
        f"of it anonymous {samples[0][1]:.1f} MB at first, {later[0, 1]:.1f} MB at half, {later[-1, 1]:.1f} "
        f"MB at the end; slope of the second half {slope:+.2f} MB a minute (at most {MB_A_MINUTE:g})"
    )
    return result_of(
        facts,
        memory_flat=slope <= MB_A_MINUTE,
        no_failures=not callers.failures,
        every_price_its_versions=not callers.wrong,
    )


@contextmanager
def _odd(address: str) -> Iterator[list[int]]:
    """Send rounds of large, streamed, cancelled and invalid requests until the block ends."""
    end, counts = Event(), [0]

    def run() -> None:
        with grpc.insecure_channel(address) as channel:
            while not end.wait(0.05):
                counts[0] += _round(channel)

    thread = Thread(target=run)
    thread.start()
    try:
        yield counts
    finally:
        end.set()
        thread.join()


def _round(channel: grpc.Channel) -> int:
    predict: Any = channel.unary_unary(PREDICT)
    stream: Any = channel.stream_stream(STREAM)
    acts = Acts(channel)
    list(stream(iter([request(0)] * 10), timeout=20))
    predict(request(0, rows=1000), timeout=20)
    predict.future(request(0, rows=1000), timeout=20).cancel()
    acts.load("1")
    acts.infer("")
    for unsound in (b"\xff", b""):
        if predict.future(unsound, timeout=20).code() is not grpc.StatusCode.INVALID_ARGUMENT:
            raise RuntimeError("an invalid request was not refused")
    return 7
