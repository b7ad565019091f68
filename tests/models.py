"""Small models whose prices are known by heart, published like real ones."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import onnx
from onnx import TensorProto, helper

from house_prices.contract import reader
from house_prices.contract.schema import Contract
from house_prices.registry import Background, Champion, Golden, Manifest, ModelVersion, Registry, atomic_files

HUTS: Mapping[str, object] = {
    "name": "huts",
    "title": "Huts",
    "target": {"column": "Price", "unit": "EUR"},
    "features": [
        {
            "name": "area",
            "column": "Area",
            "number": 1,
            "kind": "number",
            "unit": "m2",
            "minimum": 1,
            "maximum": 1000,
        },
        {"name": "rooms", "column": "Rooms", "number": 2, "kind": "integer", "minimum": 0, "maximum": 2000},
        {"name": "garden", "column": "Garden", "number": 3, "kind": "flag", "missing": False},
        {"name": "age", "column": "Age", "number": 4, "kind": "number", "required": False},
        {
            "name": "roof",
            "column": "Roof",
            "number": 20,
            "kind": "category",
            "choices": ["flat", "gable", "ça"],
        },
        {
            "name": "view",
            "column": "View",
            "number": 5,
            "kind": "category",
            "choices": ["sea", "none"],
            "missing": "none",
        },
        {
            "name": "style",
            "column": "Style",
            "number": 6,
            "kind": "category",
            "choices": ["old", "new"],
            "required": False,
        },
    ],
    "training": {"candidates": {"linear": {}}},
}
"""A market with every kind of feature: required, with a meaning when left out, and unknown when left out."""

HUT = {"area": 100.0, "rooms": 3, "roof": "flat"}
"""A house of it: 1000 + 3 * 1 and the base of the model."""


def contract(**changes: object) -> Contract:
    """The contract of huts, or of a market like it."""
    return reader.from_values({**HUTS, **changes})


def onnx_model(
    of: Contract, *, base: float, output: str = "price", metadata: Mapping[str, str] | None = None
) -> bytes:
    """price = base + 10 * first number + every other number known + 100 * number of known categories."""
    width = len(of.numbers)
    weights = np.array([[10.0]] + [[1.0]] * (width - 1), np.float32)
    nodes = [
        helper.make_node("IsNaN", ["numbers"], ["unknown"]),
        helper.make_node("Where", ["unknown", "zero", "numbers"], ["known"]),
        helper.make_node("MatMul", ["known", "weights"], ["weighted"]),
        helper.make_node("Add", ["weighted", "base"], [output if not of.categories else "sum"]),
    ]
    inputs = [helper.make_tensor_value_info("numbers", TensorProto.FLOAT, ["N", width])]
    if of.categories:
        inputs.append(
            helper.make_tensor_value_info("categories", TensorProto.STRING, ["N", len(of.categories)])
        )
        nodes += [
            helper.make_node("LabelEncoder", ["categories"], ["worth"], domain="ai.onnx.ml",
                             keys_strings=[""], values_floats=[0.0], default_float=100.0),
            helper.make_node("ReduceSum", ["worth", "axis"], ["extra"], keepdims=1),
            helper.make_node("Add", ["sum", "extra"], [output]),
        ]  # fmt: skip
    constants = [
        helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0]),
        helper.make_tensor("weights", TensorProto.FLOAT, weights.shape, weights),
        helper.make_tensor("base", TensorProto.FLOAT, [1], [base]),
        helper.make_tensor("axis", TensorProto.INT64, [1], [1]),
    ]
    price = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", 1])
    graph = helper.make_graph(nodes, of.name, inputs, [price], constants)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    helper.set_model_props(model, metadata or {"market": of.name, "contract_digest": of.digest})
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def golden(of: Contract, *, base: float) -> Golden:
    """Two houses and their prices by `onnx_model`'s rule: all is known, and only the first number is."""
    width, texts = len(of.numbers), len(of.categories)
    nan = float("nan")
    return Golden(
        numbers=((50.0, *[1.0] * (width - 1)), (20.0, *[nan] * (width - 1))),
        categories=(tuple(feature.choices[0] for feature in of.categories), ("",) * texts),
        prices=(base + 500 + width - 1 + 100 * texts, base + 200),
    )


def background(of: Contract) -> Background:
    """The same two houses."""
    houses = golden(of, base=0)
    return Background(numbers=houses.numbers, categories=houses.categories, one_of=())


def publish(
    registry: Registry, of: Contract | None = None, *, base: float = 0, **changes: object
) -> ModelVersion:
    """Publish a model; `changes` replace its bytes (`model`) or parts of its manifest."""
    of = of or contract()
    model = changes.pop("model", None) or onnx_model(of, base=base)
    assert isinstance(model, bytes)
    described: dict[str, object] = {
        "sha256": hashlib.sha256(model).hexdigest(),
        "created_at": "2026-01-01T00:00:00+00:00",
        "contract": of,
        "ranges": {"area": (20.0, 249.0)},
        "golden": golden(of, base=base),
        "background": background(of),
        "training": {},
        "data": {},
        "lineage": {},
    }
    return registry.publish(of.name, model, Manifest(**{**described, **changes}))  # type: ignore[arg-type]


def promote(registry: Registry, version: ModelVersion) -> None:
    """Make a version the champion."""
    registry.promote(
        version.market, version.number, sha256=version.manifest.sha256, by="a test", reason="test"
    )


def promote_unchecked(registry: Registry, version: ModelVersion) -> None:
    """Write champion.json past the registry's own checks, as a fault or an attacker may."""
    champion = Champion(
        version=version.number,
        sha256=version.manifest.sha256,
        promoted_at="2026-01-01T00:00:00+00:00",
        by="nobody",
        reason="unchecked",
        previous=None,
    )
    path = registry.root / version.market / "champion.json"
    atomic_files.replace(path, json.dumps(asdict(champion)).encode())


def interval_model(of: Contract, *, base: float) -> bytes:
    """As `onnx_model`, with an interval of 100 to either side."""
    model = onnx.load_from_string(onnx_model(of, base=base))
    model.graph.initializer.append(helper.make_tensor("around", TensorProto.FLOAT, [], [100.0]))
    for name, operator in {"price_lower": "Sub", "price_upper": "Add"}.items():
        model.graph.node.append(helper.make_node(operator, ["price", "around"], [name]))
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 1]))
    return bytes(model.SerializeToString())


def slow_model(of: Contract, *, matrix: int = 400) -> bytes:
    """As `onnx_model` of base 0, but each unit of the first house's first number costs milliseconds."""
    model = onnx.load_from_string(onnx_model(of, base=0))
    turn = [
        helper.make_node("Identity", ["go"], ["goes_on"]),
        helper.make_node("MatMul", ["sofar", "zeros"], ["further"]),
    ]
    truth, number = TensorProto.BOOL, TensorProto.FLOAT
    body = helper.make_graph(
        turn,
        "turn",
        [
            helper.make_tensor_value_info("turns", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", truth, []),
            helper.make_tensor_value_info("sofar", number, [matrix, matrix]),
        ],
        [
            helper.make_tensor_value_info("goes_on", truth, []),
            helper.make_tensor_value_info("further", number, [matrix, matrix]),
        ],
    )
    (last,) = (node for node in model.graph.node if "price" in node.output)
    last.output[0] = "quick"
    for name, values in {"size": [matrix, matrix], "one": [1], "none": [0]}.items():
        constant = helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        model.graph.initializer.append(constant)
    model.graph.node.extend(
        [
            helper.make_node("ConstantOfShape", ["size"], ["zeros"]),
            helper.make_node("Slice", ["known", "none", "one", "one"], ["firsts"]),
            helper.make_node("ReduceMax", ["firsts"], ["most"], keepdims=0),
            helper.make_node("Cast", ["most"], ["turns_wanted"], to=TensorProto.INT64),
            helper.make_node("Loop", ["turns_wanted", "", "zeros"], ["worked"], body=body),
            helper.make_node("ReduceMax", ["worked"], ["nothing"], keepdims=0),
            helper.make_node("Add", ["quick", "nothing"], ["price"]),
        ]
    )
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def fragile_model(of: Contract) -> bytes:
    """As `onnx_model` of base 0, but a first number of 666 or more in the first house breaks it."""
    model = onnx.load_from_string(onnx_model(of, base=0))
    (last,) = (node for node in model.graph.node if "price" in node.output)
    last.output[0] = "sound"
    model.graph.initializer.append(helper.make_tensor("beast", TensorProto.FLOAT, [], [666.0]))
    for name, values in {"rows": [-1, 1], "one": [1], "none": [0]}.items():
        model.graph.initializer.append(helper.make_tensor(name, TensorProto.INT64, [len(values)], values))
    model.graph.node.extend(
        [
            helper.make_node("Slice", ["known", "none", "one", "one"], ["firsts"]),
            helper.make_node("ReduceMax", ["firsts"], ["most"], keepdims=0),
            helper.make_node("GreaterOrEqual", ["most", "beast"], ["breaks"]),
            helper.make_node("Cast", ["breaks"], ["broken"], to=TensorProto.INT64),
            helper.make_node("Mul", ["rows", "broken"], ["some"]),
            helper.make_node("Add", ["rows", "some"], ["shape"]),  # [-1, 1], or [-2, 2] where it breaks
            helper.make_node("Reshape", ["sound", "shape"], ["price"]),
        ]
    )
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())
