"""Callers that open calls and then send nothing: streams without requests, and headers without a body."""

import asyncio
from collections import Counter
from typing import Any

import grpc

from benchmarks.server import eventually, serving
from benchmarks.soaking import huts
from benchmarks.soaking.callers import Callers
from benchmarks.soaking.cancelling import PREDICT, STREAM
from benchmarks.soaking.result import Result, counted, result_of
from house_prices.registry import Registry

CONNECTIONS, CALLS = 10, 500
IN_FLIGHT = 8
"""Far fewer than wait, who may take no place from others."""
BODY_S, IDLE_S = 2.0, 3.0


def waiting(registry: Registry) -> Result:
    """Half of the calls wait as streams, half of them with a body to come; others are served meanwhile."""
    huts.promoted(registry)
    limits = [
        "--max-in-flight",
        str(IN_FLIGHT),
        "--body-seconds",
        str(BODY_S),
        "--stream-idle-seconds",
        str(IDLE_S),
    ]
    with serving(registry, *limits) as server:
        with Callers(server.address, threads=2) as callers:
            codes = asyncio.run(_wait(server.address))
        eventually(lambda: server.metric("inference_in_flight") == 0)
    facts = f"{counted(codes)} of {CALLS} that waited, meanwhile {counted(callers.codes)}"
    return result_of(
        facts,
        each_ended_by_its_timeout=codes == {"DEADLINE_EXCEEDED": CALLS},
        others_served=not callers.failures and callers.codes["OK"] > 100,
        every_price_its_versions=not callers.wrong,
    )


async def _wait(address: str) -> "Counter[str]":
    """How the calls ended."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.aio.insecure_channel(address, options=options) for _ in range(CONNECTIONS)]
    calls: list[Any] = [
        channels[number % CONNECTIONS].stream_stream(PREDICT if number % 2 else STREAM)(timeout=60)
        for number in range(CALLS)
    ]
    codes = Counter([(await call.code()).name for call in calls])
    for channel in channels:
        await channel.close()
    return codes
