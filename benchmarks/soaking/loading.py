"""Loading, unloading and predicting, all at once."""

from collections import Counter
from collections.abc import Callable, Set
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import numpy as np

from benchmarks.server import eventually, serving
from benchmarks.soaking import huts
from benchmarks.soaking.huts import API, MARKET, price
from benchmarks.soaking.result import Result, counted, result_of
from house_prices.registry import Registry
from inference_server.codecs import oip_messages
from inference_server.codecs.oip_messages import messages

THREADS, ACTS = 32, 6400
AREA = 100.0
OK, NOT_FOUND, REFUSED, WRONG = "OK", "NOT_FOUND", "FAILED_PRECONDITION", "a wrong price"


class Acts:
    """The calls that a thread makes; each returns a gRPC code."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel

    def _call(self, path: str, request: Any, *metadata: tuple[str, str]) -> bytes:
        call: Any = self._channel.unary_unary(path, request_serializer=type(request).SerializeToString)
        return bytes(call(request, timeout=20, metadata=metadata))

    def load(self, version: str) -> str:
        """Load a version, or the champion if there is no version."""
        request = messages.RepositoryModelLoadRequest(model_name=MARKET, parameters=_named(version))
        self._call(oip_messages.path("RepositoryModelLoad"), request)
        return OK

    def unload(self, version: str) -> str:
        request = messages.RepositoryModelUnloadRequest(model_name=MARKET, parameters=_named(version))
        self._call(oip_messages.path("RepositoryModelUnload"), request)
        return OK

    def infer(self, version: str) -> str:
        content = np.array([[AREA, 0]], "<f4").tobytes()
        request = messages.ModelInferRequest(
            model_name=MARKET, model_version=version, raw_input_contents=[content]
        )
        request.inputs.add(name="numbers", datatype="FP32", shape=[1, 2])
        answer = messages.ModelInferResponse.FromString(self._call(oip_messages.path("ModelInfer"), request))
        (came,) = np.frombuffer(answer.raw_output_contents[0], "<f4")
        return OK if came == price(int(answer.model_version), AREA) else WRONG

    def predict(self, version: str) -> str:
        """Predict through the typed API."""
        request = API.request(houses=[{"area": AREA, "effort": 0}])
        raw = self._call(f"/{API.service}/Predict", request, ("model-version", version))
        answer: Any = API.response.FromString(raw)
        return OK if answer.predictions[0].price == price(int(answer.model_version), AREA) else WRONG


ALLOWED: list[tuple[Callable[[Acts, str], str], str, Set[str]]] = [
    (Acts.load, "1", {OK}),
    (Acts.infer, "1", {OK, NOT_FOUND}),
    (Acts.unload, "1", {OK, NOT_FOUND}),
    (Acts.predict, "1", {OK, NOT_FOUND}),
    (Acts.load, "", {OK}),
    (Acts.infer, "", {OK}),
    (Acts.unload, "", {REFUSED}),
    (Acts.predict, "", {OK}),
    (Acts.load, "99", {NOT_FOUND}),
    (Acts.unload, "3", {REFUSED}),
]
"""Calls in turn, the version that each names, and the allowed codes. Version 3 is the champion."""


def loading(registry: Registry) -> Result:
    """32 threads at once; afterwards the server serves as before."""
    for _ in range(3):
        huts.promoted(registry)
    with serving(registry) as server, grpc.insecure_channel(server.address) as channel:
        acts = Acts(channel)
        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(lambda number: _act(acts, number), range(ACTS)))
        strange = {f"{name}: {code}" for name, code, is_allowed in found if not is_allowed}
        eventually(lambda: server.metric("inference_in_flight") == 0)
        after = [acts.infer(""), acts.predict(""), _done(acts.load, "1"), acts.infer("1")]
        is_sound = server.is_serving() and after == [OK] * 4
    facts = f"{ACTS} acts of {THREADS} threads, {counted(Counter(code for _, code, _ in found))}"
    if strange:
        facts += f"; not allowed: {', '.join(sorted(strange))}"
    return result_of(facts, allowed_codes_alone=not strange, sound_afterwards=is_sound)


def _act(acts: Acts, number: int) -> tuple[str, str, bool]:
    """The call, its code, and whether that is allowed."""
    act, version, allowed = ALLOWED[number % len(ALLOWED)]
    code = _done(act, acts, version)
    return f"{act.__name__} {version!r}", code, code in allowed


def _done(act: Callable[..., str], *arguments: object) -> str:
    try:
        return act(*arguments)
    except grpc.RpcError as error:
        return str(error.code().name)


def _named(version: str) -> dict[str, Any]:
    return {"version": {"string_param": version}} if version else {}
