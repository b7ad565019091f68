"""Models that are made to do harm, beside a market that is sound."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from house_prices.registry import Registry
from inference_server.client import Client, ClientError
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


def loop(*turns: onnx.NodeProto) -> onnx.ModelProto:
    """A loop that changes nothing, as often as these nodes say."""
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["before"], ["after"])],
        "turn",
        [value("turn", TensorProto.INT64, []), value("go", TensorProto.BOOL, []),
         value("before", TensorProto.FLOAT, None)],
        [value("on", TensorProto.BOOL, []), value("after", TensorProto.FLOAT, None)],
    )  # fmt: skip
    return with_nodes(
        *turns,
        helper.make_node("Loop", ["turns", "", "weighted"], ["more"], body=body),
    )


def constant(name: str, kind: int, value: float) -> onnx.NodeProto:
    return helper.make_node("Constant", [], [name], value=helper.make_tensor(name, kind, [], [value]))


def without_end() -> onnx.ModelProto:
    """A loop of 2^62 turns."""
    return loop(constant("turns", TensorProto.INT64, 2**62))


def without_end_for_large_houses() -> onnx.ModelProto:
    """A loop of 2^62 turns if there is a number above 500, and of none otherwise."""
    return loop(
        constant("large", TensorProto.FLOAT, 500),
        constant("many", TensorProto.INT64, 2**62),
        helper.make_node("ReduceMax", ["known"], ["largest"], keepdims=0),
        helper.make_node("Greater", ["largest", "large"], ["is_large"]),
        helper.make_node("Cast", ["is_large"], ["one_or_none"], to=TensorProto.INT64),
        helper.make_node("Mul", ["one_or_none", "many"], ["turns"]),
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


def test_a_request_that_makes_a_model_loop_without_end_ends_with_its_caller(server: servers.Running) -> None:
    number = published(server, without_end_for_large_houses())
    server.says("model serves", market="barns", version=number)
    with Client(server.address, contracts=[models.contract(), BARNS]) as client, ThreadPoolExecutor() as pool:
        assert client.predict("barns", [HUT], timeout_seconds=10).model_version == str(number)
        endless = [
            pool.submit(client.predict, "barns", [{**HUT, "area": 900}], timeout_seconds=2) for _ in "ab"
        ]
        while not all(one.done() for one in endless):
            assert client.predict("huts", [HUT], timeout_seconds=1).model_version == "1"
        errors = [one.exception() for one in endless]
    assert [isinstance(error, ClientError) and error.code for error in errors] == ["DEADLINE_EXCEEDED"] * 2
    assert servers.eventually(lambda: not is_busy(server))


def is_busy(server: servers.Running) -> bool:
    """Whether a thread of its processes runs, or waits for a processor."""
    threads = [
        stat
        for pid in servers.family(server.process.pid)
        for stat in Path(f"/proc/{pid}/task").glob("*/stat")
    ]
    return any(stat.read_text().rpartition(")")[2].split()[0] == "R" for stat in threads)
