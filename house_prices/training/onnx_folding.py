"""Makes an exported graph leaner; its prices stay the same. What is constant is computed once, here.

- Scaling before a linear model goes into its coefficients.
- A one-hot code times its coefficients is one number, looked up by the choice.
- Codes of choices, for trees, are looked up as the floats that trees take.
- A model that takes some of the joined columns has only those joined.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from house_prices.training.onnx_graph import Graph, attributes

Weights = NDArray[np.float64]
Terms = Iterator[tuple[str, Weights]]
"""Tensors of [rows, columns], each with a weight for every column; CONSTANT has one weight, a summand."""

CONSTANT = ""
MOST_OFFSET = 8.0
"""Greatest offset, in units of a column's spread, that goes into the intercept.

The column's term grows by the offset and the intercept takes it away again, which costs float32 three of its
24 bits. Columns that lie farther from 0, such as years, keep their subtraction.
"""
_ML = "ai.onnx.ml"


def fold(proto: onnx.GraphProto) -> None:
    """Rewrite an exported graph in place."""
    graph = Graph(proto)
    for node in graph.nodes():
        if node.op_type == "LinearRegressor":
            _fold_linear(graph, node)
        elif node.op_type == "TreeEnsembleRegressor":
            node.input[0] = _joined(graph, _columns(graph, node.input[0]))
    graph.write()


def _fold_linear(graph: Graph, node: onnx.NodeProto) -> None:
    found = attributes(node)
    terms = list(_terms(graph, node.input[0], np.array(found["coefficients"], dtype=np.float64)))
    kept = [(name, weights) for name, weights in terms if name != CONSTANT and weights.any()]
    if not kept:
        return
    coefficients = np.concatenate([weights for _, weights in kept])
    intercept = found["intercepts"][0] + sum(weights[0] for name, weights in terms if name == CONSTANT)
    node.input[0] = _joined(graph, [name for name, _ in kept])
    del node.attribute[:]
    for name, value in {"coefficients": coefficients, "intercepts": [intercept]}.items():
        node.attribute.append(helper.make_attribute(name, np.array(value, dtype=np.float32).tolist()))


def _terms(graph: Graph, name: str, weights: Weights) -> Terms:
    """The weighted sum of a tensor's columns as one of tensors nearer to the inputs."""
    node = graph.producer(name)
    operator = node.op_type if node else "an input"
    if node is None:
        yield name, weights
    elif operator == "Concat":
        ends = np.cumsum([graph.width(part) for part in node.input])
        for part, own in zip(node.input, np.split(weights, ends[:-1]), strict=True):
            yield from _terms(graph, part, own)
    elif operator == "Slice":
        whole = np.zeros(graph.width(node.input[0]))
        start = _start(graph, node)
        whole[start : start + len(weights)] = weights
        yield from _terms(graph, node.input[0], whole)
    elif operator == "Cast" and graph.is_float(node.input[0]):
        yield from _terms(graph, node.input[0], weights)
    elif (scaled := _scaling(graph, node)) is not None:
        scale, offset = scaled
        yield CONSTANT, np.array([offset @ weights])
        yield from _terms(graph, node.input[0], scale * weights)
    elif operator == "Reshape" and (encoders := _one_hot(graph, node.input[0])):
        ends = np.cumsum([graph.width(encoder.output[0]) for encoder in encoders])
        for encoder, own in zip(encoders, np.split(weights, ends[:-1]), strict=True):
            yield _lookup(graph, encoder, own), np.ones(1)
    else:
        yield name, weights


def _scaling(graph: Graph, node: onnx.NodeProto) -> tuple[Weights, Weights] | None:
    """Scale and offset by which each column is multiplied and moved; None if they are not to be folded."""
    width = graph.width(node.output[0]) if node.op_type in ("Scaler", "Mul", "Add") else 0
    if node.op_type == "Scaler":
        found = attributes(node)
        scale = np.array(found["scale"], dtype=np.float64)
        offset = -scale * np.array(found["offset"], dtype=np.float64)
    elif node.op_type in ("Mul", "Add") and (values := graph.constant(node.input[1])) is not None:
        is_scale = node.op_type == "Mul"
        scale = np.asarray(values, dtype=np.float64).ravel() if is_scale else np.ones(1)
        offset = np.zeros(1) if is_scale else np.asarray(values, dtype=np.float64).ravel()
    else:
        return None
    if np.abs(offset).max() > MOST_OFFSET:
        return None
    return np.broadcast_to(scale, width), np.broadcast_to(offset, width)


def _one_hot(graph: Graph, name: str) -> list[onnx.NodeProto]:
    """The encoders that a tensor joins; none if it holds anything else."""
    node = graph.producer(name)
    parts = [] if node is None else list(node.input) if node.op_type == "Concat" else [name]
    found = [each for part in parts if (each := graph.producer(part)) and each.op_type == "OneHotEncoder"]
    knows_all = all(attributes(each).get("zeros", 1) and "cats_strings" in attributes(each) for each in found)
    return found if len(found) == len(parts) and knows_all else []


def _lookup(graph: Graph, encoder: onnx.NodeProto, weights: Weights) -> str:
    """The weight of each house's choice: [rows, 1], 0 for another."""
    return graph.add(
        "LabelEncoder",
        encoder.input,
        _ML,
        keys_strings=attributes(encoder)["cats_strings"],
        values_floats=weights.astype(np.float32).tolist(),
        default_float=0.0,
    )


def _columns(graph: Graph, name: str) -> list[str]:
    """Tensors nearer to the inputs that have the same columns when they are joined."""
    node = graph.producer(name)
    if node is None:
        return [name]
    if node.op_type == "Concat":
        return [column for part in node.input for column in _columns(graph, part)]
    if node.op_type == "Slice":
        return _some(graph, node) or [name]
    if node.op_type == "Cast" and attributes(node)["to"] == TensorProto.FLOAT:
        floats = [_code(graph, column) for column in _columns(graph, node.input[0])]
        return [each for each in floats if each] if all(floats) else [name]
    return [name]


def _some(graph: Graph, node: onnx.NodeProto) -> list[str]:
    """The columns that a slice takes; none if it would cut a tensor in two."""
    parts, start = _columns(graph, node.input[0]), _start(graph, node)
    places = np.cumsum([0, *map(graph.width, parts)]).tolist()
    end = min(start + graph.width(node.output[0]), places[-1])
    if start not in places or end not in places:
        return []
    return parts[places.index(start) : places.index(end)]


def _code(graph: Graph, name: str) -> str | None:
    """A column of codes as floats; None if it holds anything else. Looking up keeps the shape [rows, 1]."""
    node = graph.producer(name)
    encoder = graph.producer(node.input[0]) if node and node.op_type == "Reshape" else None
    column = graph.producer(encoder.input[0]) if encoder and encoder.op_type == "LabelEncoder" else None
    if encoder is None or column is None or column.op_type != "ArrayFeatureExtractor":
        return None
    found, at = attributes(encoder), graph.constant(column.input[1])
    place = graph.add_constant(np.asarray(at, dtype=np.int64).reshape(-1))
    return graph.add(
        "LabelEncoder",
        [graph.add("Gather", [column.input[0], place], axis=1)],
        _ML,
        keys_strings=found["keys_strings"],
        values_floats=[float(value) for value in found["values_int64s"]],
        default_float=float(found["default_int64"]),
    )


def _start(graph: Graph, node: onnx.NodeProto) -> int:
    values = graph.constant(node.input[1])
    assert values is not None  # noqa: S101
    return int(values.ravel()[0])


def _joined(graph: Graph, names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else graph.add("Concat", names, axis=1)
