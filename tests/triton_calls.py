"""What an unmodified tritonclient is told, in a process of its own: `python -m tests.triton_calls ADDRESS`.

Each line on stdin is a JSON list, a function below and its arguments; each line on stdout is its result,
or the status and message of the error that the client raised.
"""

import json
import queue
import sys
from typing import Any

import numpy as np
import tritonclient.grpc as triton

Client = triton.InferenceServerClient


def server(client: Client) -> list[Any]:
    metadata = client.get_server_metadata(as_json=True)
    return [client.is_server_live(), client.is_server_ready(), metadata]


def model_ready(client: Client, model: str, version: str = "") -> bool:
    return client.is_model_ready(model, version)


def model_metadata(client: Client, model: str, version: str = "") -> Any:
    return client.get_model_metadata(model, version, as_json=True)


def model_config(client: Client, model: str) -> Any:
    return client.get_model_config(model, as_json=True)["config"]


def index(client: Client) -> list[list[str]]:
    models = client.get_model_repository_index().models
    return [[model.name, model.version, model.state, model.reason] for model in models]


def load(client: Client, model: str, version: str = "", **options: Any) -> None:
    client.load_model(model, headers={"model-version": version}, **options)


def unload(client: Client, model: str, version: str = "") -> None:
    client.unload_model(model, headers={"model-version": version})


def statistics(client: Client, model: str = "", version: str = "") -> Any:
    return client.get_inference_statistics(model, version, as_json=True).get("model_stats", [])


def inputs(areas: list[float], roof: str = "flat") -> list[triton.InferInput]:
    numbers = np.array([[area, 3, 0, np.nan] for area in areas], np.float32)
    categories = np.array([[roof, "none", ""]] * len(areas), np.object_)
    given = []
    for name, values, datatype in (("numbers", numbers, "FP32"), ("categories", categories, "BYTES")):
        tensor = triton.InferInput(name, list(values.shape), datatype)
        tensor.set_data_from_numpy(values)
        given.append(tensor)
    return given


def told(result: triton.InferResult) -> list[Any]:
    response = result.get_response()
    outputs = {output.name: result.as_numpy(output.name).tolist() for output in response.outputs}
    return [response.model_version, response.id, outputs]


def infer(client: Client, areas: list[float], **options: Any) -> list[Any]:
    if "outputs" in options:
        options["outputs"] = [triton.InferRequestedOutput(name) for name in options["outputs"]]
    return told(client.infer("huts", inputs(areas, options.pop("roof", "flat")), **options))


def async_infer(client: Client, areas: list[float]) -> list[Any]:
    answers: queue.Queue[Any] = queue.Queue()
    for area in areas:
        client.async_infer(
            "huts",
            inputs([area]),
            callback=lambda result, error: answers.put(error or result),
            request_id=str(area),
        )
    return sorted(told(answers.get(timeout=10)) for _ in areas)


def stream(client: Client, areas: list[float], versions: list[str]) -> list[Any]:
    answers: queue.Queue[Any] = queue.Queue()
    client.start_stream(callback=lambda result, error: answers.put(error or result))
    for area, version in zip(areas, versions, strict=True):
        client.async_stream_infer("huts", inputs([area]), model_version=version, request_id=str(area))
    found = [answers.get(timeout=10) for _ in areas]
    client.stop_stream()
    return [told(one) if isinstance(one, triton.InferResult) else one.message() for one in found]


def shared_memory_status(client: Client) -> None:
    client.get_system_shared_memory_status()


def register_shared_memory(client: Client) -> None:
    client.register_system_shared_memory("name", "/key", 8)


def cuda_shared_memory_status(client: Client) -> None:
    client.get_cuda_shared_memory_status()


def trace_settings(client: Client) -> None:
    client.get_trace_settings()


def log_settings(client: Client) -> None:
    client.get_log_settings()


def infer_from_shared_memory(client: Client) -> None:
    given = inputs([100.0])
    given[0].set_shared_memory("region", 16)
    client.infer("huts", given)


def main(address: str) -> None:
    client = Client(address)
    for line in sys.stdin:
        name, arguments, options = json.loads(line)
        try:
            answer = globals()[name](client, *arguments, **options)
        except triton.InferenceServerException as error:
            answer = {"status": error.status(), "message": error.message()}
        print(json.dumps(answer), flush=True)  # noqa: T201  # the line that the test reads


if __name__ == "__main__":
    main(sys.argv[1])
