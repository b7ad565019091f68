"""Bad requests with a known right answer: the serving test sends them to a candidate's server."""

from collections.abc import Iterator
from typing import Any

import grpc

from house_prices.contract import proto
from house_prices.contract.schema import Feature, Value
from house_prices.registry import Manifest

House = dict[str, Value]
TIMEOUT_S = 10.0


def sound_house(manifest: Manifest) -> House:
    """The first golden house as values by feature name; unknown ones are left out."""
    contract, golden = manifest.contract, manifest.golden
    house: House = {}
    for feature, number in zip(contract.numbers, golden.numbers[0], strict=True):
        if number == number:
            house[feature.name] = bool(number) if feature.kind == "flag" else number
    for feature, choice in zip(
        contract.categories, golden.categories[0] if contract.categories else (), strict=True
    ):
        if choice:
            house[feature.name] = choice
    return house


def ask(channel: grpc.Channel, manifest: Manifest) -> tuple[tuple[str, ...], int]:
    """Send every bad request. A sentence for each wrong answer, and how many were sent."""
    loaded = proto.load(manifest.contract)
    wrong, sent = [], 0
    predict: Any = channel.unary_unary(f"/{loaded.service}/Predict")
    for what, request, expected in _bad_requests(manifest, loaded):
        code = _code(predict, request)
        sent += 1
        if code is not expected:
            wrong.append(f"{what}: came {code.name}, expected {expected.name}.")
    return tuple(wrong), sent


def _bad_requests(manifest: Manifest, loaded: proto.Api) -> Iterator[tuple[str, bytes, grpc.StatusCode]]:
    refused = grpc.StatusCode.INVALID_ARGUMENT
    sound = sound_house(manifest)
    yield "a sound house", _request(loaded, [sound]), grpc.StatusCode.OK
    yield "no house", _request(loaded, []), refused
    yield "bytes that are no message", b"\xff\xff\xff", refused
    for feature in manifest.contract.features:
        if feature.required:
            rest = {name: value for name, value in sound.items() if name != feature.name}
            yield f"{feature.name} left out", _request(loaded, [rest]), refused
        bad = _bad_value(feature)
        if bad is not None:
            yield f"{feature.name} of {bad}", _request(loaded, [sound | {feature.name: bad}]), refused


def _bad_value(feature: Feature) -> Value | None:
    """A value of the right type that the contract does not allow; None if there is none."""
    if feature.kind == "category":
        return "a choice never seen"
    if feature.kind == "number":
        return float("nan")
    if feature.kind == "integer" and feature.maximum is not None:
        return int(feature.maximum) + 1
    return None


def _request(loaded: proto.Api, houses: list[House]) -> bytes:
    request: Any = loaded.request()
    for house in houses:
        message = request.houses.add()
        for name, value in house.items():
            setattr(message, name, int(value) if _is_whole(message, name, value) else value)
    return bytes(request.SerializeToString())


def _is_whole(message: Any, name: str, value: Value) -> bool:
    field = message.DESCRIPTOR.fields_by_name[name]
    return isinstance(value, float) and field.type == field.TYPE_INT32


def _code(call: Any, request: bytes) -> grpc.StatusCode:
    try:
        call(request, timeout=TIMEOUT_S)
    except grpc.RpcError as error:
        code: grpc.StatusCode = error.code()
        return code
    return grpc.StatusCode.OK
