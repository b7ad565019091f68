"""Models that are made to do harm, beside a market that is sound."""

import time
from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from house_prices.registry import Registry
from inference_server.client import Client
from tests import models, servers
from tests.models import HUT

BARNS = models.contract(name="barns")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Running]:
    registry = Registry(tmp_path_factory.mktemp("hostile") / "models")
    models.promote(registry, models.publish(registry))
    with servers.serving(registry.root) as running:
        running.says("model serves", market="huts")
        yield running


def published(server: servers.Running, model: onnx.ModelProto) -> int:
    """Make a model the champion of barns; gives its number."""
    registry = Registry(server.log.parent / "models")
    version = models.publish(registry, BARNS, model=bytes(model.SerializeToString()))
    models.promote_unchecked(registry, version)
    return version.number


def with_nodes(*nodes: onnx.NodeProto) -> onnx.ModelProto:
    """The model of barns, whose first number passes through more nodes from `weighted` to `more`."""
    model = onnx.load_from_string(models.onnx_model(BARNS, base=0))
    add = next(node for node in model.graph.node if "weighted" in node.input)
    add.input[list(add.input).index("weighted")] = "more"
    place = list(model.graph.node).index(add)
    rest = list(model.graph.node)[place:]
    del model.graph.node[place:]
    model.graph.node.extend([*nodes, *rest])
    return model


def of_gigabytes() -> onnx.ModelProto:
    """Some bytes that ask for 64 GiB when they are loaded or run."""
    shape = helper.make_tensor("huge", TensorProto.INT64, [2], [2**17, 2**17])
    return with_nodes(
        helper.make_node("Constant", [], ["shape"], value=shape),
        helper.make_node("ConstantOfShape", ["shape"], ["gigabytes"]),
        helper.make_node("ReduceSum", ["gigabytes"], ["zero_sum"], keepdims=0),
        helper.make_node("Add", ["weighted", "zero_sum"], ["more"]),
    )


def without_end() -> onnx.ModelProto:
    """A loop of 2^62 turns."""
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["before"], ["after"])],
        "turn",
        [value("turn", TensorProto.INT64, []), value("go", TensorProto.BOOL, []),
         value("before", TensorProto.FLOAT, None)],
        [value("on", TensorProto.BOOL, []), value("after", TensorProto.FLOAT, None)],
    )  # fmt: skip
    return with_nodes(
        helper.make_node(
            "Constant", [], ["turns"], value=helper.make_tensor("t", TensorProto.INT64, [], [2**62])
        ),
        helper.make_node("Loop", ["turns", "", "weighted"], ["more"], body=body),
    )


@pytest.mark.parametrize("make", [of_gigabytes, without_end])
def test_a_model_that_takes_all_there_is_is_refused_and_the_others_are_priced(
    server: servers.Running, make: object
) -> None:
    number = published(server, make())  # type: ignore[operator]
    with Client(server.address, contracts=[models.contract()]) as client:
        end = time.monotonic() + 200
        while not (told := [line for line in server.lines("model refused") if line["version"] == number]):
            assert client.predict("huts", [HUT], timeout_seconds=10).model_version == "1"
            assert time.monotonic() < end
            time.sleep(0.05)
    assert told[0]["market"] == "barns"
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    assert int(status.split("VmHWM:")[1].split()[0]) < 400_000, "kB; the server itself never held it"
