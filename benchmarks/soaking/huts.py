"""A market with known prices, whose houses set how long their prices take to compute."""

import hashlib

import numpy as np
from onnx import TensorProto, helper

from house_prices.contract import proto, reader
from house_prices.registry import Golden, Manifest, ModelVersion, Registry

MARKET = "huts"
CONTRACT = reader.from_values(
    {
        "name": MARKET,
        "title": "Huts",
        "target": {"column": "Price", "unit": "EUR"},
        "features": [
            {"name": "area", "column": "Area", "number": 1, "kind": "number", "unit": "m2", "minimum": 1},
            {"name": "effort", "column": "Effort", "number": 2, "kind": "integer", "minimum": 0},
        ],
        "training": {"candidates": {"linear": {}}},
    }
)
API = proto.load(CONTRACT)
SIZE = 256
"""Size of the matrices that each unit of effort multiplies, in a few tenths of a millisecond."""
LONG = 2000
MOST = 2**62
"""An effort long enough that a server treats the model as slow, and computes only on threads."""


def price(version: int, area: float) -> float:
    """A version's exact price."""
    return 1000.0 * version + 10.0 * area


def promoted(registry: Registry, *, effort: int = 0, most_effort: int = MOST) -> ModelVersion:
    """Publish the next version, with this effort in its golden rows, and make it the champion."""
    version = published(registry, effort=effort, most_effort=most_effort)
    promote(registry, version)
    return version


def published(registry: Registry, *, effort: int = 0, most_effort: int = MOST) -> ModelVersion:
    """Publish the next version, which takes larger efforts for the largest."""
    number = len(registry.versions(MARKET)) + 1
    model = _model(number, most_effort)
    areas = (50.0, 20.0)
    manifest = Manifest(
        sha256=hashlib.sha256(model).hexdigest(),
        created_at="2026-01-01T00:00:00+00:00",
        contract=CONTRACT,
        ranges={"area": (1.0, 1000.0)},
        golden=Golden(
            numbers=tuple((area, float(effort)) for area in areas),
            categories=((), ()),
            prices=tuple(price(number, area) for area in areas),
        ),
        training={},
        data={},
        lineage={},
    )
    return registry.publish(MARKET, model, manifest)


def promote(registry: Registry, version: ModelVersion) -> None:
    """Make a version the champion."""
    registry.promote(MARKET, version.number, sha256=version.manifest.sha256, by="a soak", reason="soak")


def _model(version: int, most_effort: int) -> bytes:
    """price = 1000 * version + 10 * area, after as many matrix products as the largest effort."""
    constants = [
        *(helper.make_tensor(name, TensorProto.INT64, [len(values)], values) for name, values in
          {"one": [1], "two": [2], "most": [most_effort], "size": [SIZE, SIZE]}.items()),
        helper.make_tensor("weights", TensorProto.FLOAT, [2, 1], np.array([10.0, 0.0], np.float32)),
        helper.make_tensor("base", TensorProto.FLOAT, [1], [1000.0 * version]),
    ]  # fmt: skip
    nodes = [
        helper.make_node("Slice", ["numbers", "one", "two", "one"], ["efforts"]),
        helper.make_node("ReduceMax", ["efforts"], ["effort"], keepdims=0),
        helper.make_node("Cast", ["effort"], ["asked"], to=TensorProto.INT64),
        helper.make_node("Min", ["asked", "most"], ["few"]),
        helper.make_node("ReduceMax", ["few"], ["turns"], keepdims=0),
        helper.make_node("ConstantOfShape", ["size"], ["zeros"]),
        helper.make_node("Loop", ["turns", "", "zeros"], ["worked"], body=_turn()),
        helper.make_node("ReduceMax", ["worked"], ["nothing"], keepdims=0),
        helper.make_node("MatMul", ["numbers", "weights"], ["weighted"]),
        helper.make_node("Sum", ["weighted", "base", "nothing"], ["price"]),
    ]
    inputs = [helper.make_tensor_value_info("numbers", TensorProto.FLOAT, ["N", 2])]
    outputs = [helper.make_tensor_value_info("price", TensorProto.FLOAT, ["N", 1])]
    graph = helper.make_graph(nodes, MARKET, inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {"market": MARKET, "contract_digest": CONTRACT.digest})
    return bytes(model.SerializeToString())


def _turn() -> object:
    """The body of the loop."""
    matrix = [SIZE, SIZE]
    return helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["goes_on"]),
            helper.make_node("MatMul", ["sofar", "zeros"], ["further"]),
        ],
        "turn",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("sofar", TensorProto.FLOAT, matrix),
        ],
        [
            helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("further", TensorProto.FLOAT, matrix),
        ],
    )
