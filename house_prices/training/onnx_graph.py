"""An ONNX graph as something to rewrite: nodes by the name of their output, and what is left at the end."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """Nodes and constants by name. `write` puts those that the outputs need back into the message."""

    def __init__(self, proto: onnx.GraphProto) -> None:
        self._proto = proto
        self._producers = {name: node for node in proto.node for name in node.output}
        self._constants = {one.name: numpy_helper.to_array(one) for one in proto.initializer}
        self._inputs = {one.name: one.type.tensor_type for one in proto.input}

    def producer(self, name: str) -> onnx.NodeProto | None:
        """The node that computes a tensor; None for an input or a constant."""
        return self._producers.get(name)

    def constant(self, name: str) -> NDArray[Any] | None:
        """The values of a constant; None for what is computed."""
        return self._constants.get(name)

    def add(self, operator: str, inputs: Sequence[str], domain: str = "", **attributes: Any) -> str:
        """Add a node with one output, and return the output's name."""
        name = f"folded_{len(self._producers)}"
        self._producers[name] = helper.make_node(operator, inputs, [name], domain=domain, **attributes)
        return name

    def add_constant(self, values: NDArray[Any]) -> str:
        """Add a constant, and return its name."""
        name = f"constant_{len(self._constants)}"
        self._constants[name] = values
        return name

    def nodes(self) -> list[onnx.NodeProto]:
        """The nodes that the outputs need, each after those that it needs."""
        found: dict[str, onnx.NodeProto] = {}
        for output in self._proto.output:
            self._collect(output.name, found)
        return list(found.values())

    def _collect(self, name: str, found: dict[str, onnx.NodeProto]) -> None:
        node = self.producer(name)
        if node is None or node.output[0] in found:
            return
        for source in node.input:
            self._collect(source, found)
        found[node.output[0]] = node

    def write(self) -> None:
        """Put what the outputs need into the protobuf message, and leave out the rest."""
        nodes = self.nodes()
        used = dict.fromkeys(name for node in nodes for name in node.input if name in self._constants)
        del self._proto.node[:], self._proto.initializer[:]
        self._proto.node.extend(nodes)
        self._proto.initializer.extend(numpy_helper.from_array(self._constants[name], name) for name in used)

    def width(self, name: str) -> int:
        """How many columns a tensor of [rows, columns] has."""
        node = self.producer(name)
        if name in self._constants:
            return self._constants[name].shape[-1] if self._constants[name].ndim else 1
        if node is None:
            return int(self._inputs[name].shape.dim[1].dim_value)
        found = attributes(node)
        match node.op_type:
            case "Concat":
                return sum(map(self.width, node.input))
            case "ArrayFeatureExtractor" | "Gather":
                return int(np.size(self._constants[node.input[1]]))
            case "Slice":
                start, end = (int(self._constants[bound][0]) for bound in node.input[1:3])
                return end - start
            case "OneHotEncoder":
                return len(found["cats_strings"])
            case "Add" | "Sub" | "Mul" | "Div":
                return max(map(self.width, node.input))
            case _:
                return self.width(node.input[0])

    def is_float(self, name: str) -> bool:
        """Whether a tensor holds float32."""
        node = self.producer(name)
        if node is None:
            return bool(self._inputs[name].elem_type == TensorProto.FLOAT)
        if node.op_type == "LabelEncoder":
            return "values_floats" in attributes(node)
        return node.op_type == "OneHotEncoder" or self.is_float(node.input[0])


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """A node's attributes by name."""
    return {one.name: helper.get_attribute_value(one) for one in node.attribute}
