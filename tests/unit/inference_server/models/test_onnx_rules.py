"""What a model's file may not contain, made with ONNX itself."""

from collections.abc import Callable, Iterator

import onnx
import pytest
from onnx import TensorProto, helper

from inference_server.models import onnx_rules
from tests import models

HUTS = models.contract()


def edited(edit: Callable[[onnx.ModelProto], object]) -> bytes:
    model = onnx.load_from_string(models.onnx_model(HUTS, base=0))
    edit(model)
    return bytes(model.SerializeToString())


def external(tensor: onnx.TensorProto) -> None:
    """Its values lie in a file of the machine."""
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/passwd")


def in_a_constant(model: onnx.ModelProto) -> None:
    node = helper.make_node("Constant", [], ["more"], value=helper.make_tensor("v", 1, [1], [1.0]))
    external(node.attribute[0].t)
    model.graph.node.append(node)


def in_a_branch(model: onnx.ModelProto) -> None:
    inner = helper.make_graph([], "inner", [], [], [helper.make_tensor("v", TensorProto.FLOAT, [1], [1.0])])
    external(inner.initializer[0])
    model.graph.node.append(helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner))


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda model: external(model.graph.initializer[1]), "a constant lies in another file"),
        (in_a_constant, "a constant lies in another file"),
        (in_a_branch, "a constant lies in another file"),
        (
            lambda model: model.graph.node.append(helper.make_node("Custom", [], [], domain="evil")),
            "the custom operator 'evil'.'Custom'",
        ),
        (
            lambda model: model.opset_import.append(helper.make_opsetid("com.microsoft", 1)),
            "operators 'com.microsoft' version 1, allowed: ai.onnx up to",
        ),
        (lambda model: setattr(model.opset_import[0], "version", 999), "operators '' version 999"),
        (lambda model: setattr(model.opset_import[0], "version", -1), "operators '' version -1"),
        (
            lambda model: model.functions.append(
                helper.make_function("", "Mine", ["x"], ["y"], [], [helper.make_opsetid("", 18)])
            ),
            "functions of its own",
        ),
        (
            lambda model: model.graph.node.extend([helper.make_node("Neg", ["x"], ["y"])] * 10_001),
            "nodes, allowed: at most 10000",
        ),
        (
            lambda model: model.graph.initializer[1].dims.extend([2**40, 2**40]),
            "elements, allowed: at most",
        ),
        (lambda model: model.graph.initializer[1].dims.append(-5), "elements, allowed: at most"),
    ],
)
def test_a_file_that_asks_for_more_than_its_bytes_is_refused(
    edit: Callable[[onnx.ModelProto], object], sentence: str
) -> None:
    assert any(sentence in fault for fault in onnx_rules.faults(edited(edit)))


def nested(levels: int) -> bytes:
    """Graphs within graphs, by the numbers of their fields."""
    graph = b""
    for _ in range(levels):
        for number in (6, 5, 1):  # a graph is in an attribute, in a node, in a graph
            graph = bytes([number << 3 | 2, *_varint(len(graph))]) + graph
    return bytes([7 << 3 | 2, *_varint(len(graph))]) + graph


def _varint(number: int) -> Iterator[int]:
    while number > 127:
        yield number & 127 | 128
        number >>= 7
    yield number


@pytest.mark.parametrize("content", [b"\xff" * 100, b"no model", bytes(range(256)), nested(50), nested(2000)])
def test_bytes_that_are_no_model_are_refused(content: bytes) -> None:
    assert list(onnx_rules.faults(content)) == ["cannot load the file: it is no ONNX model"]


def test_a_file_that_is_too_large_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_rules, "MOST_BYTES", 10)
    assert list(onnx_rules.faults(bytes(11))) == ["the file has 11 bytes, allowed: at most 10"]


@pytest.mark.parametrize("make", [models.onnx_model, models.interval_model])
def test_models_as_they_are_exported_are_allowed(make: Callable[..., bytes]) -> None:
    assert list(onnx_rules.faults(make(HUTS, base=0))) == []


def test_a_loop_within_a_branch_repeats_and_the_usual_operators_do_not() -> None:
    def with_loop(model: onnx.ModelProto) -> None:
        body = helper.make_graph([], "body", [], [])
        inner = helper.make_graph([helper.make_node("Loop", [], ["z"], body=body)], "inner", [], [])
        model.graph.node.append(helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner))

    assert onnx_rules.repeats(edited(with_loop))
    assert not onnx_rules.repeats(models.onnx_model(HUTS, base=0))
