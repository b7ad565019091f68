"""What the log says of calls."""

import pytest
import structlog
from google.rpc import code_pb2

from inference_server.observability.events import Answered
from inference_server.observability.logging import Threshold
from inference_server.observability.request_log import RequestLog

PREDICT, HEALTH = "/house_prices.huts.v1.PredictionService/Predict", "/grpc.health.v1.Health/Check"


def lines(method: str, code: int) -> int:
    """How many lines a call is worth."""
    answered = Answered(
        method=method, market="", version=0, messages=1, rows=0, code=code, seconds=0.001, reason="",
        bug=None, metadata={},
    )  # fmt: skip
    with structlog.testing.capture_logs() as logs:
        RequestLog(structlog.get_logger(), share=1.0, threshold=Threshold("info")).answered(answered)
    return len(logs)


@pytest.mark.parametrize(
    ("method", "code", "worth"),
    [
        (PREDICT, code_pb2.OK, 1),
        (PREDICT, code_pb2.INVALID_ARGUMENT, 1),
        (HEALTH, code_pb2.NOT_FOUND, 1),
        (HEALTH, code_pb2.OK, 0),
    ],
)
def test_probes_that_succeed_do_not_fill_the_log(method: str, code: int, worth: int) -> None:
    assert lines(method, code) == worth
