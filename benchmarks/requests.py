"""The requests that benchmarks send."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from house_prices.contract import proto
from house_prices.contract.schema import Contract
from house_prices.training.features import Inputs
from inference_server.codecs import oip_messages


@dataclass(frozen=True, kw_only=True)
class Request:
    """One message, and how many are asked at once."""

    name: str
    path: str
    message: bytes
    rows: int
    in_flight: int = 64


def typed(contract: Contract, houses: Inputs, rows: int) -> Request:
    """A PredictRequest."""
    described = proto.load(contract)
    names = [(feature.name, feature.kind) for feature in contract.features]
    request: Any = described.request()
    for row in np.resize(houses.numbers, (rows, houses.numbers.shape[1])).tolist():
        house = request.houses.add()
        for (name, kind), value in zip(names, row, strict=True):
            setattr(house, name, {"flag": bool, "integer": int}.get(kind, float)(value))
    return Request(
        name=f"typed, {rows} row{'s' if rows > 1 else ''}",
        path=f"/{described.service}/Predict",
        message=request.SerializeToString(),
        rows=rows,
    )


def open_inference(contract: Contract, houses: Inputs, rows: int) -> Request:
    """A ModelInferRequest with raw contents."""
    numbers = np.resize(houses.numbers, (rows, houses.numbers.shape[1]))
    request = oip_messages.messages.ModelInferRequest(
        model_name=contract.name, raw_input_contents=[numbers.tobytes()]
    )
    request.inputs.add(name="numbers", datatype="FP32", shape=numbers.shape)
    return Request(
        name=f"OIP raw, {rows} row{'s' if rows > 1 else ''}",
        path=oip_messages.path("ModelInfer"),
        message=request.SerializeToString(),
        rows=rows,
    )
