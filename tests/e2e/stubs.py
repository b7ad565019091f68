"""A client as anyone would make it: grpcio-tools on the market's .proto, nothing of the project imported."""

import importlib
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import grpc

from tests.e2e.stack import PROJECT, Stack

PROTO = "house_prices/halfmil/v1/prediction.proto"
SAMPLE_HOUSE: Mapping[str, float | bool] = {
    "area": 120,
    "garage": 1,
    "fire_place": 1,
    "baths": 2,
    "white_marble": False,
    "black_marble": False,
    "indian_marble": True,
    "floors": True,
    "city": 1,
    "solar": False,
    "electric": True,
    "fiber": False,
    "glass_doors": True,
    "swimming_pool": False,
    "garden": True,
}
"""The house that the seed project asked the price of."""


class Stubs:
    """Compiled messages, and a connection to the stack's inference server."""

    def __init__(self, running: Stack, folder: Path) -> None:
        messages, services = compiled(folder)
        self._messages = messages
        self._channel = grpc.insecure_channel(running.server)
        self._service = services.PredictionServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def price(self, house: Mapping[str, float | bool]) -> float:
        return float(self._predict(house).predictions[0].price)

    def version(self) -> str:
        """The version that answers."""
        return str(self._predict(SAMPLE_HOUSE).model_version)

    def ready(self) -> bool:
        """Whether a first model serves."""
        try:
            return bool(self.version())
        except grpc.RpcError:
            return False

    def _predict(self, house: Mapping[str, float | bool]) -> Any:
        request = self._messages.PredictRequest(houses=[self._messages.House(**house)])
        return self._service.Predict(request, timeout=5)


def compiled(folder: Path) -> tuple[Any, Any]:
    """The modules that protoc makes. They lie beside this project's package of the same name."""
    protos, out = PROJECT / "protos", folder / "compiled"
    out.mkdir()
    (out / "prediction.proto").write_bytes((protos / PROTO).read_bytes())
    command = ["grpc_tools.protoc", f"-I{out}", f"--python_out={out}", f"--grpc_python_out={out}"]
    subprocess.run([sys.executable, "-m", *command, "prediction.proto"], check=True)
    sys.path.insert(0, str(out))
    try:
        names = ("prediction_pb2", "prediction_pb2_grpc")
        messages, services = map(importlib.import_module, names)
        return messages, services
    finally:
        sys.path.remove(str(out))
