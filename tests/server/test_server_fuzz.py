"""Whatever bytes come, a caller gets an answer or a status that the documentation names."""

import random
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from house_prices.contract import proto
from house_prices.registry import Registry
from inference_server.codecs import oip_messages
from inference_server.codecs.oip_messages import messages
from tests import models, servers, tensors
from tests.models import HUT
from tests.tensors import Caller, raw_prices, raw_request, typed_request

DOCUMENTED = {"INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "UNIMPLEMENTED"}
METHODS = list(oip_messages.POOL.FindServiceByName(oip_messages.SERVICE).methods)
UNARY = {method.name: method.input_type for method in METHODS if not method.client_streaming}
PREDICT = "/house_prices.huts.v1.PredictionService/Predict"
PATHS = [PREDICT, *(oip_messages.path(name) for name in sorted(UNARY))]
FUZZ = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
NAMED = messages.ModelMetadataRequest(name="huts", version="2")
VERSION = messages.RepositoryModelLoadRequest(model_name="huts", parameters={"version": {"int64_param": 1}})
MAKES = st.sampled_from([raw_request, typed_request])
SOUND: dict[str, list[Message]] = {
    oip_messages.path("ModelInfer"): [raw_request(), typed_request(2, id="me", outputs=[{"name": "price"}])],
    oip_messages.path("RepositoryModelLoad"): [VERSION],
    oip_messages.path("RepositoryModelUnload"): [VERSION],
    PREDICT: [proto.load(models.contract()).request(houses=[HUT, HUT])],
}
"""Requests by method; the others' are but a name and a version."""


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    registry = Registry(tmp_path_factory.mktemp("server") / "models")
    for base in (1, 0):
        models.promote(registry, models.publish(registry, base=base))
    with servers.serving(registry.root) as server, tensors.calling(server.address) as caller:
        server.says("previous model kept")
        yield caller
        assert raw_prices(caller("ModelInfer", raw_request())) == [tensors.PRICE]
        assert server.process.poll() is None
        assert not server.lines("request")[0].get("exception")


def told(call: Caller, path: str, request: bytes) -> str:
    try:
        call.channel.unary_unary(path)(request, timeout=20)
    except grpc.RpcError as error:
        return str(error.code().name) if error.details() else "a status without a sentence"
    return "OK"


def told_of_stream(call: Caller, requests: list[bytes]) -> str:
    try:
        answers = list(call.stream(requests))
    except grpc.RpcError as error:
        return str(error.details()).partition(". ")[0]
    return "all answered" if len(answers) == len(requests) else "some not answered"


INTERESTING: dict[str, st.SearchStrategy[Any]] = {
    "str": st.sampled_from(
        ["", "huts", "1", "2", "numbers", "categories", "FP32", "BYTES", "price", "version"]
    )
    | st.text(max_size=20),
    "int": st.sampled_from([0, 1, 2, 3, 4, -1, 2**31 - 1, -(2**31)]),
    "unsigned": st.sampled_from([0, 1, 4, 2**32 - 1]),
    "bool": st.booleans(),
    "float": st.floats(width=32),
    "bytes": st.sampled_from(list(raw_request().raw_input_contents)) | st.binary(max_size=40),
}
KINDS = {
    1: "float",
    2: "float",
    3: "int",
    4: "unsigned",
    5: "int",
    8: "bool",
    9: "str",
    12: "bytes",
    13: "unsigned",
}
"""By protobuf's number of a field's type."""


def values(field: Any) -> st.SearchStrategy[Any]:
    """What may stand in a field, as a message's constructor takes it."""
    if field.message_type and field.message_type.GetOptions().map_entry:
        return st.dictionaries(INTERESTING["str"], values(field.message_type.fields[1]), max_size=2)
    one = (
        st.deferred(lambda: fields(field.message_type))
        if field.message_type
        else INTERESTING[KINDS[field.type]]
    )
    return st.lists(one, max_size=4) if field.is_repeated else one


def fields(message: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Fields of a message, each of them there or not."""
    return st.fixed_dictionaries({}, optional={field.name: values(field) for field in message.fields})


@FUZZ
@given(data=st.data())
def test_messages_of_any_content(call: Caller, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(UNARY)))
    request = getattr(messages, UNARY[name].name)(**data.draw(fields(UNARY[name])))
    assert told(call, oip_messages.path(name), request.SerializeToString()) in {"OK", *DOCUMENTED}


@FUZZ
@given(
    data=st.data(),
    make=MAKES,
    version=st.sampled_from(["", "1", "2"]),
)
def test_sound_requests_with_a_field_of_any_content(
    call: Caller, data: st.DataObject, make: Any, version: str
) -> None:
    field = data.draw(st.sampled_from(UNARY["ModelInfer"].fields[2:]))
    request = make(**{"model_version": version, field.name: data.draw(values(field))})
    assert told(call, oip_messages.path("ModelInfer"), request.SerializeToString()) in {"OK", *DOCUMENTED}


@FUZZ
@given(data=st.data(), make=MAKES, place=st.integers(0, 1))
def test_sound_requests_with_a_tensor_of_any_content(
    call: Caller, data: st.DataObject, make: Any, place: int
) -> None:
    request = make()
    field = data.draw(st.sampled_from(list(request.inputs[place].DESCRIPTOR.fields)))
    request.inputs[place].ClearField(field.name)
    request.inputs[place].MergeFrom(type(request.inputs[0])(**{field.name: data.draw(values(field))}))
    assert told(call, oip_messages.path("ModelInfer"), request.SerializeToString()) in {"OK", *DOCUMENTED}


@FUZZ
@given(seed=st.integers(0, 2**32), path=st.sampled_from(PATHS))
def test_bytes_of_sound_requests_with_some_changed(call: Caller, seed: int, path: str) -> None:
    chance = random.Random(seed)
    request = chance.choice(SOUND.get(path, [NAMED])).SerializeToString()
    assert told(call, path, mutated(request, chance)) in {"OK", *DOCUMENTED}


@FUZZ
@given(request=st.binary(max_size=200), path=st.sampled_from(PATHS))
def test_any_bytes(call: Caller, request: bytes, path: str) -> None:
    assert told(call, path, request) in {"OK", *DOCUMENTED}


@FUZZ
@given(seeds=st.lists(st.integers(0, 2**32), min_size=1, max_size=5))
def test_streams_of_requests_with_some_bytes_changed(call: Caller, seeds: list[int]) -> None:
    sound = [request.SerializeToString() for request in SOUND[oip_messages.path("ModelInfer")]]
    requests = [mutated(sound[seed % 2], random.Random(seed)) for seed in seeds]
    assert told_of_stream(call, requests) in {
        "all answered",
        "The bytes are not a message of type inference.ModelInferRequest",
    }


def mutated(sound: bytes, chance: random.Random) -> bytes:
    """The bytes with a few put in, left out, doubled, changed or cut off."""
    changed = bytearray(sound)
    for _ in range(chance.choice([1, 1, 2])):
        at = chance.randrange(len(changed) + 1)
        kind = chance.choice([0, 1, 2, 3, 3, 3, 3, 4])
        if kind == 0:
            changed[at:at] = chance.randbytes(chance.randint(1, 8))
        elif kind == 1:
            del changed[at : at + chance.randint(1, 8)]
        elif kind == 2:
            changed[at:at] = changed[at : at + 16]
        elif kind == 3:
            changed[at : at + 1] = bytes([chance.choice([0, 1, 2, 4, 127, 128, 255])])
        elif len(changed) > 8:
            del changed[at:]
    return bytes(changed)
