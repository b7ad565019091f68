"""What a model file may contain, checked before onnxruntime sees it. A file is data from outside.

Only the parts of ONNX's messages that the rules need are described here, by their numbers in onnx.proto:
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from collections.abc import Iterator
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

MOST_BYTES = 512 * 2**20
MOST_NODES = 10_000
MOST_ELEMENTS = 2**28
"""Of one constant: a gibibyte of floats."""
OPSETS = {"": 25, "ai.onnx": 25, "ai.onnx.ml": 5}
"""The newest known version of each set of operators; other sets are custom."""
REPEATING = {"Loop", "Scan", "SequenceMap"}
"""Operators that may run as often as a value says, so that golden rows tell nothing of their time."""

_FIELDS = {
    "Model": {"graph": (7, "Graph"), "opset_import": (8, "[Opset]"), "functions": (25, "[bytes]")},
    "Opset": {"domain": (1, "string"), "version": (2, "int64")},
    "Graph": {"node": (1, "[Node]"), "initializer": (5, "[Tensor]"), "sparse_initializer": (15, "[bytes]")},
    "Node": {"op_type": (4, "string"), "attribute": (5, "[Attribute]"), "domain": (7, "string")},
    "Attribute": {
        "t": (5, "Tensor"), "g": (6, "Graph"), "tensors": (10, "[Tensor]"), "graphs": (11, "[Graph]"),
        "sparse_tensor": (22, "[bytes]"), "sparse_tensors": (23, "[bytes]"),
    },
    "Tensor": {"dims": (1, "[int64]"), "external_data": (13, "[bytes]"), "data_location": (14, "int64")},
}  # fmt: skip


def faults(content: bytes) -> Iterator[str]:
    """What is wrong with a model's bytes, a sentence each."""
    if len(content) > MOST_BYTES:
        yield f"the file has {len(content)} bytes, allowed: at most {MOST_BYTES}"
        return
    try:
        model = _Model.FromString(content)
    except DecodeError:
        yield "cannot load the file: it is no ONNX model"
        return
    yield from _of_opsets(model)
    if model.functions:
        yield "the file defines functions of its own, allowed: operators of ONNX"
    yield from _of_graph(model.graph)


def repeats(content: bytes) -> bool:
    """Whether the time that the model takes may depend on the values of its input."""
    return _repeats(_Model.FromString(content).graph)


def _repeats(graph: Any) -> bool:
    return any(
        node.op_type in REPEATING
        or any(_repeats(inner) for attribute in node.attribute for inner in (attribute.g, *attribute.graphs))
        for node in graph.node
    )


def _of_graph(graph: Any) -> Iterator[str]:
    """Also of the graphs within loops and branches, which protobuf lets nest a hundred deep."""
    if len(graph.node) > MOST_NODES:
        yield f"a graph has {len(graph.node)} nodes, allowed: at most {MOST_NODES}"
        return
    if graph.sparse_initializer:
        yield "a graph has sparse constants, allowed: dense ones"
    for tensor in graph.initializer:
        yield from _of_tensor(tensor)
    for node in graph.node:
        yield from _of_node(node)


def _of_opsets(model: Any) -> Iterator[str]:
    for opset in model.opset_import:
        newest = OPSETS.get(opset.domain)
        if newest is None or not 1 <= opset.version <= newest:
            known = ", ".join(f"{name} up to {version}" for name, version in OPSETS.items() if name)
            yield f"operators {opset.domain[:40]!r} version {opset.version}, allowed: {known}"


def _of_node(node: Any) -> Iterator[str]:
    if node.domain not in OPSETS:
        yield f"the custom operator {node.domain[:40]!r}.{node.op_type[:40]!r}, allowed: operators of ONNX"
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            yield from _of_graph(graph)
        if attribute.sparse_tensor or attribute.sparse_tensors:
            yield f"the operator {node.op_type[:40]!r} has sparse constants, allowed: dense ones"
        for tensor in (attribute.t, *attribute.tensors):
            yield from _of_tensor(tensor)


def _of_tensor(tensor: Any) -> Iterator[str]:
    if tensor.external_data or tensor.data_location:
        yield "a constant lies in another file, allowed: in the model itself"
    elements = 1
    for size in tensor.dims:
        elements *= size
        if size < 0 or elements > MOST_ELEMENTS:
            yield f"a constant has {list(tensor.dims)[:8]} elements, allowed: at most {MOST_ELEMENTS} in all"
            return


def _described() -> Any:
    """The message class of a model."""
    file = descriptor_pb2.FileDescriptorProto(name="onnx_rules.proto", package="onnx_rules", syntax="proto2")
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for field, (number, written) in fields.items():
            kind = written.strip("[]")
            label = kinds.LABEL_REPEATED if written.startswith("[") else kinds.LABEL_OPTIONAL
            described = message.field.add(name=field, number=number, label=label)
            if kind in _FIELDS:
                described.type, described.type_name = kinds.TYPE_MESSAGE, f".onnx_rules.{kind}"
            else:
                described.type = getattr(kinds, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("onnx_rules.Model"))


_Model = _described()
