"""An unmodified tritonclient, against a market with four versions: 3 is the champion, 4 is broken."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from house_prices.registry import Registry
from tests import models, servers

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Running]:
    registry = Registry(tmp_path_factory.mktemp("server") / "models")
    of = models.contract()
    for base in (1, 2, 3):
        published = models.publish(registry, base=base, model=models.interval_model(of, base=base))
        models.promote(registry, published)
    models.publish(registry, base=4, golden=models.golden(of, base=5))
    with servers.serving(registry.root, "--max-rows", "1000") as running:
        running.says("previous model kept", version=2)
        yield running


@pytest.fixture(scope="module")
def ask(server: servers.Running) -> Iterator[Ask]:
    command = [sys.executable, "-m", "tests.triton_calls", server.address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        questions, answers = process.stdin, process.stdout

        def ask(name: str, *arguments: object, **options: object) -> Any:
            questions.write(json.dumps([name, arguments, options]) + "\n")
            questions.flush()
            return json.loads(answers.readline())

        yield ask
        questions.close()


def answer(version: int, area: float, identity: str = "") -> list[Any]:
    """Of houses with 3 rooms and two categories known."""
    price = version + 10 * area + 203
    outputs = {"price": [[price]], "price_lower": [[price - 100]], "price_upper": [[price + 100]]}
    return [str(version), identity, outputs]


def test_the_server_is_live_and_ready_and_says_what_it_is(ask: Ask) -> None:
    live, ready, metadata = ask("server")
    assert (live, ready, metadata["name"]) == (True, True, "house-prices")
    assert metadata["version"]
    assert {"model_configuration", "model_repository", "statistics"} <= set(metadata["extensions"])


def test_a_model_is_ready_once_it_is_loaded_and_an_unknown_one_is_not(ask: Ask) -> None:
    versions = ["", "3", "2", "4", "9", "x"]
    assert [ask("model_ready", "huts", version) for version in versions] == [True] * 3 + [False] * 3
    assert ask("model_ready", "castles") is False


def test_metadata_has_the_tensors_and_the_loaded_versions(ask: Ask) -> None:
    metadata = ask("model_metadata", "huts")
    assert (metadata["name"], metadata["versions"]) == ("huts", ["2", "3"])
    assert metadata["platform"] == "onnx_onnxv1"
    assert metadata["inputs"] == [
        {"name": "numbers", "datatype": "FP32", "shape": ["-1", "4"]},
        {"name": "categories", "datatype": "BYTES", "shape": ["-1", "3"]},
    ]
    assert metadata["outputs"][0] == {"name": "price", "datatype": "FP32", "shape": ["-1", "1"]}


def test_the_configuration_takes_rows_as_a_batch(ask: Ask) -> None:
    config = ask("model_config", "huts")
    assert (config["name"], config["backend"], config["max_batch_size"]) == ("huts", "onnxruntime", 1000)
    assert config["input"] == [
        {"name": "numbers", "data_type": "TYPE_FP32", "dims": ["4"]},
        {"name": "categories", "data_type": "TYPE_STRING", "dims": ["3"]},
    ]
    assert [output["name"] for output in config["output"]] == ["price", "price_lower", "price_upper"]


def test_raw_tensors_are_priced_by_the_champion_with_the_id_echoed(ask: Ask) -> None:
    assert ask("infer", [100.0], request_id="mine") == answer(3, 100, "mine")


def test_a_named_version_answers_and_says_so(ask: Ask) -> None:
    assert ask("infer", [100.0], model_version="2") == answer(2, 100)
    assert ask("infer", [100.0], model_version="3") == answer(3, 100)


def test_an_unknown_version_is_not_found_and_the_loaded_ones_are_named(ask: Ask) -> None:
    error = ask("infer", [100.0], model_version="9")
    assert error["status"] == "StatusCode.NOT_FOUND"
    assert "no version '9' of huts is loaded, loaded are: 2, 3" in error["message"]


def test_requested_outputs_come_alone_and_in_the_order_asked(ask: Ask) -> None:
    _, _, outputs = ask("infer", [100.0, 50.0], outputs=["price_upper", "price"])
    assert list(outputs.items()) == [("price_upper", [[1306], [806]]), ("price", [[1206], [706]])]


def test_texts_beyond_ascii_arrive(ask: Ask) -> None:
    assert ask("infer", [100.0], roof="ça") == answer(3, 100)
    assert ask("infer", [100.0], roof="")[2]["price"] == [[1106]]


def test_client_parameters_and_a_client_timeout_change_nothing(ask: Ask) -> None:
    options = {"priority": 1, "timeout": 1000, "client_timeout": 10, "parameters": {"mine": "x"}}
    assert ask("infer", [100.0], **options) == answer(3, 100)


def test_concurrent_requests_get_their_own_answers(ask: Ask) -> None:
    areas = [float(area) for area in range(20, 40)]
    assert ask("async_infer", areas) == sorted(answer(3, area, str(area)) for area in areas)


def test_a_stream_answers_in_order_and_goes_on_after_a_refusal(ask: Ask) -> None:
    first, refused, last = ask("stream", [20.0, 30.0, 40.0], ["", "9", "2"])
    assert (first, last) == (answer(3, 20, "20.0"), answer(2, 40, "40.0"))
    assert "no version '9' of huts is loaded" in refused


def test_a_version_is_loaded_by_number_answers_and_is_unloaded(ask: Ask) -> None:
    assert ["huts", "1", "UNAVAILABLE", "not loaded"] in ask("index")
    assert ask("load", "huts", "1") is None
    assert ask("infer", [100.0], model_version="1") == answer(1, 100)
    assert ["huts", "1", "READY", ""] in ask("index")
    assert ask("unload", "huts", "1") is None
    assert ask("model_ready", "huts", "1") is False


def test_loading_without_a_version_is_loading_the_champion(ask: Ask) -> None:
    assert ask("load", "huts") is None
    assert ask("infer", [100.0]) == answer(3, 100)


def test_a_bad_version_is_refused_and_the_index_says_why(ask: Ask) -> None:
    error = ask("load", "huts", "4")
    assert error["status"] == "StatusCode.FAILED_PRECONDITION"
    assert (
        "version 4 of huts was not loaded, and nothing changed: golden rows: prices differ"
        in error["message"]
    )
    (reason,) = [entry[3] for entry in ask("index") if entry[1:3] == ["4", "UNAVAILABLE"]]
    assert reason.startswith("golden rows: prices differ")
    assert ask("infer", [100.0]) == answer(3, 100)


@pytest.mark.parametrize("version", ["", "3"])
def test_the_champion_is_not_unloaded(ask: Ask, version: str) -> None:
    error = ask("unload", "huts", version)
    assert error["status"] == "StatusCode.FAILED_PRECONDITION"
    assert "version 3 is the champion of huts" in error["message"]


def test_a_model_that_the_caller_brings_is_refused(ask: Ask) -> None:
    error = ask("load", "huts", config='{"backend": "python"}')
    assert error["status"] == "StatusCode.INVALID_ARGUMENT"
    assert "came 'config', allowed: 'version'" in error["message"]


def test_statistics_count_requests_rows_failures_and_time(ask: Ask) -> None:
    def counts() -> list[int]:
        (of_3,) = ask("statistics", "huts", "3")
        inference = of_3["inference_stats"]
        found = [of_3["inference_count"], of_3["execution_count"], inference["fail"].get("count", 0)]
        return [*map(int, found), int(inference["compute_infer"]["ns"]), int(inference["queue"]["ns"])]

    ask("infer", [100.0])
    rows, requests, failures, computing, queued = counts()
    ask("infer", [100.0] * 7)
    ask("infer", [100.0], outputs=["rent"])
    after = counts()
    assert after[:3] == [rows + 7, requests + 1, failures + 1]
    assert after[3] > computing
    assert after[4] > queued
    assert [model["version"] for model in ask("statistics")] == ["2", "3"]


@pytest.mark.parametrize(
    "call",
    [
        "shared_memory_status",
        "register_shared_memory",
        "cuda_shared_memory_status",
        "trace_settings",
        "log_settings",
        "infer_from_shared_memory",
    ],
)
def test_what_is_not_offered_is_said_in_a_sentence(ask: Ask, call: str) -> None:
    error = ask(call)
    assert error["status"] == "StatusCode.UNIMPLEMENTED"
    assert "not offered. " in error["message"]
