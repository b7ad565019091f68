"""The Open Inference Protocol by its own messages: what is taken, and what is said of the rest."""

from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import pytest

from house_prices.registry import Registry
from inference_server.codecs.oip_messages import messages
from tests import models, servers, tensors
from tests.tensors import PRICE, ROW, TEXTS, Caller, raw_prices, raw_request, raw_texts, tensor, typed_request

NUMBERS, CATEGORIES = tensor("numbers", "FP32", [1, 4]), tensor("categories", "BYTES", [1, 3])
RAW = [np.array(ROW, "<f4").tobytes(), raw_texts(TEXTS)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Running]:
    registry = Registry(tmp_path_factory.mktemp("server") / "models")
    models.promote(registry, models.publish(registry))
    numeric = models.contract(
        name="barns", features=[one for one in models.HUTS["features"] if one["kind"] != "category"]
    )
    models.promote(registry, models.publish(registry, numeric))
    with servers.serving(registry.root, "--max-rows", "1000") as running:
        running.says("model serves", market="huts")
        running.says("model serves", market="barns")
        yield running


@pytest.fixture(scope="module")
def call(server: servers.Running) -> Iterator[Caller]:
    with tensors.calling(server.address) as caller:
        yield caller


def refusal(call: Caller, request: Any, name: str = "ModelInfer") -> tuple[str, str]:
    """Status and message."""
    with pytest.raises(grpc.RpcError) as caught:
        call(name, request)
    return caught.value.code().name, caught.value.details()


def test_raw_is_answered_raw_and_typed_is_answered_typed(call: Caller) -> None:
    raw, typed = call("ModelInfer", raw_request(2)), call("ModelInfer", typed_request(2))
    assert raw_prices(raw) == list(typed.outputs[0].contents.fp32_contents) == [PRICE, PRICE]
    assert not raw.outputs[0].HasField("contents")
    assert not typed.raw_output_contents
    assert [*raw.outputs[0].shape] == [*typed.outputs[0].shape] == [2, 1]


def test_inputs_may_come_in_any_order(call: Caller) -> None:
    request = raw_request(inputs=[CATEGORIES, NUMBERS], raw_input_contents=RAW[::-1])
    assert raw_prices(call("ModelInfer", request)) == [PRICE]


def test_a_market_without_categories_takes_numbers_alone(call: Caller) -> None:
    request = raw_request(model_name="barns", inputs=[NUMBERS], raw_input_contents=RAW[:1])
    response = call("ModelInfer", request)
    assert (response.model_name, raw_prices(response)) == ("barns", [1003])


def test_values_beyond_the_contract_are_the_callers_business(call: Caller) -> None:
    beyond = [np.array([1e6, -5, 7, 0], "<f4").tobytes(), raw_texts([b"thatch", b"", b""])]
    assert raw_prices(call("ModelInfer", raw_request(raw_input_contents=beyond))) == [10_000_102]


def test_values_that_give_no_finite_price_are_refused(call: Caller) -> None:
    beyond = [np.array([3e38, 0, 0, 0], "<f4").tobytes(), RAW[1]]
    code, message = refusal(call, raw_request(raw_input_contents=beyond))
    assert code == "INVALID_ARGUMENT"
    assert "no finite price for these tensors" in message


def test_many_rows_have_the_prices_of_each(call: Caller) -> None:
    rows = np.array([ROW] * 999, "<f4")
    rows[:, 0] = np.arange(999)
    request = raw_request(999, raw_input_contents=[rows.tobytes(), raw_texts(TEXTS * 999)])
    assert raw_prices(call("ModelInfer", request)) == (203 + 10 * rows[:, 0]).tolist()


SHAPES: list[Any] = [
    [4],
    [],
    [1, 4, 1],
    [1, 5],
    [0, 4],
    [-1, 4],
    [4, 1],
    [2**62, 4],
    [2**63 - 1, 2**63 - 1],
    [1] * 99,
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("make", [raw_request, typed_request])
def test_a_wrong_shape_is_told_with_the_one_that_is_allowed(call: Caller, make: Any, shape: Any) -> None:
    request = make()
    request.inputs[0].shape[:] = shape
    code, message = refusal(call, request)
    assert code == "INVALID_ARGUMENT"
    assert "[rows, 4]" in message or "allowed: at most 1000" in message


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"inputs": []}, "inputs: came none, allowed: numbers, categories"),
        ({"inputs": [NUMBERS]}, "inputs: came 'numbers', allowed: numbers, categories"),
        ({"inputs": [NUMBERS, NUMBERS]}, "inputs: came 'numbers', 'numbers', allowed"),
        ({"inputs": [NUMBERS, tensor("roof", "BYTES", [1, 3])]}, "came 'numbers', 'roof', allowed"),
        ({"inputs": [tensor("numbers", "FP64", [1, 4]), CATEGORIES]}, "came 'FP64', allowed: 'FP32'"),
        ({"inputs": [NUMBERS, tensor("categories", "FP32", [1, 3])]}, "came 'FP32', allowed: 'BYTES'"),
        ({"inputs": [NUMBERS, tensor("categories", "BYTES", [2, 3])]}, "came [2, 3], allowed: [1, 3]"),
        ({"raw_input_contents": RAW[:1]}, "raw_input_contents: came 1, allowed: 2"),
        ({"raw_input_contents": [b"", RAW[1]]}, "came 0 bytes, allowed: 16"),
        ({"raw_input_contents": [RAW[0] + b"0000", RAW[1]]}, "came 20 bytes, allowed: 16"),
        ({"raw_input_contents": [RAW[0], b""]}, "categories: came 0 elements in 0 bytes, allowed: 3"),
        ({"raw_input_contents": [RAW[0], RAW[1][:-1]]}, "came 2 elements in 19 bytes, allowed: 3"),
        ({"raw_input_contents": [RAW[0], RAW[1] + b"x"]}, "came 1 bytes behind the last of 3 elements"),
        ({"raw_input_contents": [RAW[0], b"\xff" * 16]}, "would end at byte 4294967299, but came only 16"),
        ({"raw_input_contents": [RAW[0], raw_texts([b"\xff", b"", b""])]}, "not UTF-8"),
        ({"outputs": [{"name": "rent"}]}, "outputs: came 'rent', allowed: price"),
    ],
)  # fmt: skip
def test_a_tensor_that_the_model_does_not_take_is_told(call: Caller, changes: Any, told: str) -> None:
    code, message = refusal(call, raw_request(**changes))
    assert code == "INVALID_ARGUMENT"
    assert told in message


@pytest.mark.parametrize(
    ("contents", "told"),
    [
        ({}, "came 0 values in fp32_contents, allowed: 4"),
        ({"fp32_contents": ROW[:3]}, "came 3 values in fp32_contents, allowed: 4"),
        ({"fp64_contents": ROW}, "came fp64_contents, allowed: fp32_contents alone"),
        ({"fp32_contents": ROW, "int_contents": [1]}, "came int_contents, allowed: fp32_contents alone"),
    ],
)
def test_typed_contents_stand_in_the_field_of_their_datatype(call: Caller, contents: Any, told: str) -> None:
    numbers = tensor("numbers", "FP32", [1, 4], **contents)
    categories = tensor("categories", "BYTES", [1, 3], bytes_contents=TEXTS)
    code, message = refusal(call, typed_request(inputs=[numbers, categories]))
    assert code == "INVALID_ARGUMENT"
    assert told in message


def test_raw_and_typed_contents_do_not_mix(call: Caller) -> None:
    code, message = refusal(call, typed_request(raw_input_contents=RAW))
    assert code == "INVALID_ARGUMENT"
    assert "numbers: came contents and raw_input_contents" in message


@pytest.mark.parametrize("make", [raw_request, typed_request])
def test_too_many_rows_are_refused_with_the_limit_and_its_setting(call: Caller, make: Any) -> None:
    code, message = refusal(call, make(1001))
    assert code == "INVALID_ARGUMENT"
    assert "has 1001 rows, allowed: at most 1000" in message
    assert "--max-rows" in message


@pytest.mark.parametrize("name", ["ModelInfer", "ModelMetadata", "ModelConfig", "ModelStatistics"])
@pytest.mark.parametrize(("version", "told"), [("2", "loaded are: 1"), ("01", "'01'"), ("x" * 9999, "'xxx")])
def test_an_unknown_version_is_not_found_on_every_method(
    call: Caller, name: str, version: str, told: str
) -> None:
    field = "model_version" if name == "ModelInfer" else "version"
    market = "model_name" if name == "ModelInfer" else "name"
    request = getattr(messages, f"{name}Request")(**{market: "huts", field: version})
    code, message = refusal(call, request, name)
    assert code == "NOT_FOUND"
    assert told in message


def test_a_stream_tells_each_refusal_with_its_id_and_goes_on(call: Caller) -> None:
    requests = [raw_request(id="1"), raw_request(id="2", inputs=[]), typed_request(id="3")]
    answers = list(call.stream(requests))
    assert [answer.infer_response.id for answer in answers] == ["1", "2", "3"]
    assert [bool(answer.error_message) for answer in answers] == [False, True, False]
    assert raw_prices(answers[0].infer_response) == [PRICE]


def test_the_log_names_market_version_and_rows(server: servers.Running, call: Caller) -> None:
    call("ModelInfer", raw_request(17))
    line = server.says("request", rows=17)
    assert (line["method"], line["market"], line["version"]) == (
        "/inference.GRPCInferenceService/ModelInfer",
        "huts",
        1,
    )


def test_metadata_names_the_columns_in_order(call: Caller) -> None:
    properties = call("ModelMetadata", messages.ModelMetadataRequest(name="huts")).properties
    assert properties["numbers"] == "area,rooms,garden,age"
    assert properties["categories"] == "roof,view,style"
    assert (properties["version"], properties["champion"], properties["unit"]) == ("1", "1", "EUR")
