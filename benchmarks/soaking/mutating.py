"""Requests that were sound until some of their bytes were changed."""

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import Iterable, Iterator, Sequence

import grpc
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from benchmarks.processes import pss_kb
from benchmarks.server import Server, serving
from benchmarks.soaking import huts
from benchmarks.soaking.cancelling import PREDICT, STREAM, request
from benchmarks.soaking.result import Result, result_of
from house_prices.registry import Registry
from inference_server.codecs import oip_messages
from inference_server.codecs.oip_messages import messages

CONNECTIONS, CALLERS = 4, 32
MOST_MESSAGES = 20
"""In one stream."""
MOST_CHANGES = 4
WARM_UP = 0.2
"""Share of the time before memory is compared."""
MOST_GROWTH_MB = 20.0
BUGS = {"INTERNAL", "UNKNOWN", "DATA_LOSS"}


def _sound() -> dict[str, Sequence[bytes]]:
    """Sound requests by path."""
    infer = messages.ModelInferRequest(model_name=huts.MARKET, id="mine")
    infer.inputs.add(name="numbers", datatype="FP32", shape=[2, 2])
    raw = messages.ModelInferRequest.FromString(infer.SerializeToString())
    raw.raw_input_contents.append(bytes(16))
    infer.inputs[0].contents.fp32_contents.extend([100.0, 0.0, 50.0, 0.0])
    named = messages.ModelMetadataRequest(name=huts.MARKET, version="1").SerializeToString()
    load = messages.RepositoryModelLoadRequest(model_name=huts.MARKET).SerializeToString()
    reflect = reflection_pb2.ServerReflectionRequest(file_containing_symbol="inference.GRPCInferenceService")
    check = health_pb2.HealthCheckRequest(service=huts.API.service).SerializeToString()
    return {
        PREDICT: [request(0), request(0, rows=20)],
        STREAM: [request(0), request(0, rows=20)],
        oip_messages.path("ModelInfer"): [infer.SerializeToString(), raw.SerializeToString()],
        oip_messages.path("ModelStreamInfer"): [infer.SerializeToString(), raw.SerializeToString()],
        oip_messages.path("ModelMetadata"): [named],
        oip_messages.path("ModelConfig"): [named],
        oip_messages.path("ModelStatistics"): [named],
        oip_messages.path("ModelReady"): [named],
        oip_messages.path("RepositoryModelLoad"): [load],
        oip_messages.path("RepositoryModelUnload"): [load],
        "/grpc.health.v1.Health/Check": [check],
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": [reflect.SerializeToString()],
    }


def mutated(sound: bytes, chance: random.Random) -> bytes:
    """The bytes with some changed, removed, repeated or added."""
    changed = bytearray(sound)
    for _ in range(chance.randint(1, MOST_CHANGES)):
        first, last = sorted(chance.randint(0, len(changed)) for _ in range(2))
        match chance.randrange(6):
            case 0 if changed:
                changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
            case 1:
                del changed[first : min(last, first + 8)]
            case 2:
                changed[first:first] = changed[first:last]
            case 3:
                changed[first:first] = chance.randbytes(chance.randint(1, 12))
            case 4:
                changed[first : first + 1] = b"\xff" * 9 + b"\x01"  # the largest number of the format
            case _:
                del changed[last:]
    return bytes(changed)


def mutating(registry: Registry, minutes: float) -> Result:
    """As many as fit into the time."""
    huts.promoted(registry, most_effort=1)
    with serving(registry) as server:
        requests, growth = asyncio.run(_sent(server, minutes * 60))
        bugs = sum(server.metric("inference_requests_total", code=code) for code in BUGS)
        calls = server.metric("inference_requests_total")
        lives = server.process.poll() is None and server.is_serving()
        reasons = {line.get("reason", "") for line in server.lines("request") if line["code"] in BUGS}
    return result_of(
        f"{requests} requests in {calls:.0f} calls, {bugs:.0f} bugs, memory {growth:+.1f} MB"
        + "".join(f"; {reason}" for reason in reasons),
        no_bug=not bugs and not reasons,
        lives=lives,
        does_not_grow=growth <= MOST_GROWTH_MB,
    )


async def _sent(server: Server, seconds: float) -> tuple[int, float]:
    """How many requests were sent, and how many MB the server grew after a while.

    The server counts the statuses: a client that still sends when its stream ends calls that INTERNAL itself.
    """
    chance, sound = random.Random(14), _sound()  # noqa: S311  # repeatable, no secret
    sent = itertools.count()
    started = time.monotonic()
    options = [("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.aio.insecure_channel(server.address, options=options) for _ in range(CONNECTIONS)]

    async def send(channel: grpc.aio.Channel, until: float) -> None:
        while time.monotonic() < until:
            path = chance.choice(list(sound))
            count = chance.randint(1, MOST_MESSAGES) if "Stream" in path else 1
            requests = [mutated(chance.choice(sound[path]), chance) for _ in range(count)]
            with contextlib.suppress(grpc.aio.AioRpcError):
                async for _ in channel.stream_stream(path)(_counted(requests, sent), timeout=30):
                    pass

    async def all_send(until: float) -> float:
        await asyncio.gather(*(send(channels[one % CONNECTIONS], until) for one in range(CALLERS)))
        return sum(pss_kb(worker, "Pss_Anon") for worker in server.workers()) / 1024

    before = await all_send(started + WARM_UP * seconds)
    after = await all_send(started + seconds)
    for channel in channels:
        await channel.close()
    return next(sent), after - before


def _counted(requests: Iterable[bytes], sent: "itertools.count[int]") -> Iterator[bytes]:
    for one in requests:
        next(sent)
        yield one
