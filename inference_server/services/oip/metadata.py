"""Describes the server and its models: live, ready, metadata, configuration, statistics."""

from collections.abc import Iterator
from importlib import metadata
from typing import Any

from google.protobuf.message import Message
from grpc_health.v1.health_pb2 import HealthCheckResponse

from inference_server.arrays import VALUATION_DATE
from inference_server.codecs import oip_messages
from inference_server.codecs.oip_messages import messages
from inference_server.codecs.oip_tensors import BYTES, FP32, TensorSpec
from inference_server.errors import ModelNotFound, ModelNotReady
from inference_server.models.loaded_model import LoadedModel
from inference_server.models.model_pool import ModelPool
from inference_server.models.statistics import ModelStatistics, Statistics
from inference_server.rpc.method import Call, Route
from inference_server.rpc.role import Role
from inference_server.services.health import Health

DISTRIBUTION = "house-prices"
EXTENSIONS = ("model_configuration", "model_repository", "statistics")
TYPES = {FP32: oip_messages.DATA_TYPES["TYPE_FP32"], BYTES: oip_messages.DATA_TYPES["TYPE_STRING"]}
LARGEST_INT32 = 2**31 - 1


class Metadata:
    """The methods that price nothing."""

    def __init__(
        self, pool: ModelPool, health: Health, statistics: ModelStatistics, *, max_rows: int
    ) -> None:
        self._pool = pool
        self._statistics = statistics
        self._health = health
        self._max_rows = max_rows
        self._version = metadata.version(DISTRIBUTION)

    async def server_live(self, _request: Any, _call: Call) -> Message:
        """True: a server that can answer is live."""
        return _message("ServerLiveResponse", live=True)

    async def server_ready(self, _request: Any, _call: Call) -> Message:
        """Whether a champion serves, consistent with grpc.health.v1."""
        ready = self._health.status("") == HealthCheckResponse.SERVING
        return _message("ServerReadyResponse", ready=ready)

    async def model_ready(self, request: Any, _call: Call) -> Message:
        """Whether a version is loaded; false for an unknown one, which may be published later."""
        try:
            self._pool.find(request.name, request.version)
        except (ModelNotFound, ModelNotReady):
            return _message("ModelReadyResponse", ready=False)
        return _message("ModelReadyResponse", ready=True)

    async def server_metadata(self, _request: Any, _call: Call) -> Message:
        """Name, version and extensions."""
        facts = {"name": DISTRIBUTION, "version": self._version, "extensions": EXTENSIONS}
        return _message("ServerMetadataResponse", **facts)

    async def model_metadata(self, request: Any, _call: Call) -> Message:
        """The tensors of a version, and every loaded version of its market."""
        model = self._pool.find(request.name, request.version)
        return _message(
            "ModelMetadataResponse",
            name=model.market,
            versions=list(self._pool.loaded(model.market)),
            platform="onnx_onnxv1",
            inputs=[_described(spec) for spec in model.tensors.inputs],
            outputs=[_described(spec) for spec in model.tensors.outputs],
            properties=self._properties(model),
        )

    def _properties(self, model: LoadedModel) -> dict[str, str]:
        champion = self._pool.champions().get(model.market)
        return {
            **{spec.name: ",".join(spec.columns) for spec in model.tensors.inputs},
            **_dates(model),
            "champion": str(champion.version) if champion else "",
            "contract_digest": model.contract.digest,
            "sha256": model.sha256,
            "typed_service": model.api.service,
            "unit": model.contract.target.unit,
            "version": str(model.version),
        }

    async def model_config(self, request: Any, _call: Call) -> Message:
        """The model as Triton's configuration would describe it, with rows as its batch."""
        model = self._pool.find(request.name, request.version)
        config = messages.ModelConfig(
            name=model.market,
            platform="onnxruntime_onnx",
            backend="onnxruntime",
            max_batch_size=min(self._max_rows, LARGEST_INT32),
            input=[_configured(spec) for spec in model.tensors.inputs],
            output=[_configured(spec) for spec in model.tensors.outputs],
        )
        return _message("ModelConfigResponse", config=config)

    async def model_statistics(self, request: Any, _call: Call) -> Message:
        """Counts and times of a version, of every version, or of every version of every market."""
        models = [
            _statistics(model, self._statistics.of(model.market, model.version))
            for model in self._asked(request.name, request.version)
        ]
        return _message("ModelStatisticsResponse", model_stats=models)

    def _asked(self, market: str, version: str) -> Iterator[LoadedModel]:
        if market and version:
            yield self._pool.find(market, version)
        elif market:
            self._pool.find(market)
            yield from self._pool.loaded(market).values()
        else:
            for each in self._pool.markets():
                yield from self._pool.loaded(each).values()

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            oip_messages.method("ServerLive", self.server_live, Role.NONE),
            oip_messages.method("ServerReady", self.server_ready, Role.NONE),
            oip_messages.method("ServerMetadata", self.server_metadata),
            oip_messages.method("ModelReady", self.model_ready),
            oip_messages.method("ModelMetadata", self.model_metadata),
            oip_messages.method("ModelConfig", self.model_config),
            oip_messages.method("ModelStatistics", self.model_statistics),
        ]


def _dates(model: LoadedModel) -> dict[str, str]:
    """Which dates a price may be asked for by the input `valuation_date`, which may be left out."""
    known = model.dates.known
    if known is None:
        return {}
    return {
        "reference_date": str(known.reference),
        VALUATION_DATE: f"{known.first} to {known.until}, in days from 1970-01-01",
    }


def _message(kind: str, **fields: Any) -> Message:
    made: Message = getattr(messages, kind)(**fields)
    return made


def _described(spec: TensorSpec) -> dict[str, object]:
    return {"name": spec.name, "datatype": spec.datatype, "shape": spec.shape}


def _configured(spec: TensorSpec) -> dict[str, object]:
    return {"name": spec.name, "data_type": TYPES[spec.datatype], "dims": [spec.width]}


def _statistics(model: LoadedModel, known: Statistics) -> Message:
    phases = {
        "queue": known.queue,
        "compute_input": known.decode,
        "compute_infer": known.compute,
        "compute_output": known.encode,
    }
    parts = {name: {"count": known.priced, "ns": _ns(seconds)} for name, seconds in phases.items()}
    return _message(
        "ModelStatistics",
        name=model.market,
        version=str(model.version),
        last_inference=known.last_ms,
        inference_count=known.rows,
        execution_count=known.priced,
        inference_stats={
            "success": {"count": known.priced, "ns": sum(part["ns"] for part in parts.values())},
            "fail": {"count": known.failed, "ns": _ns(known.failed_seconds)},
            **parts,
        },
    )


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
