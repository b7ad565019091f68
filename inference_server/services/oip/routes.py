"""Every method of the protocol, including those that are not offered."""

from inference_server.codecs import oip_messages
from inference_server.models.executor import Executor
from inference_server.models.loader import Loader
from inference_server.models.model_pool import ModelPool
from inference_server.models.statistics import ModelStatistics
from inference_server.rpc.method import Route, not_offered
from inference_server.services.health import Health
from inference_server.services.oip.inference import Inference
from inference_server.services.oip.metadata import Metadata
from inference_server.services.oip.repository import Repository

SHARED_MEMORY = "No memory is shared with callers: send tensors in raw_input_contents."
NOT_OFFERED = {
    "SystemSharedMemoryStatus": SHARED_MEMORY,
    "SystemSharedMemoryRegister": SHARED_MEMORY,
    "SystemSharedMemoryUnregister": SHARED_MEMORY,
    "CudaSharedMemoryStatus": SHARED_MEMORY,
    "CudaSharedMemoryRegister": SHARED_MEMORY,
    "CudaSharedMemoryUnregister": SHARED_MEMORY,
    "TraceSetting": "Tracing is set up when the server starts: see inference-server --help.",
    "LogSettings": "Logging is set up when the server starts: see --log-level (INFERENCE_SERVER_LOG_LEVEL).",
}
"""Methods of Triton that are not offered, and what to do instead."""


def open_inference(
    pool: ModelPool,
    loader: Loader,
    health: Health,
    executor: Executor,
    statistics: ModelStatistics,
    *,
    max_rows: int,
) -> list[Route]:
    """The methods of the Open Inference Protocol."""
    return [
        *Metadata(pool, health, statistics, max_rows=max_rows).routes(),
        *Inference(pool, executor, max_rows=max_rows).routes(),
        *Repository(pool, loader).routes(),
        *(not_offered(oip_messages.path(name), why) for name, why in NOT_OFFERED.items()),
    ]
