"""One log line for each call."""

import random

from google.rpc import code_pb2

from inference_server.observability.events import Answered, Log, Observer
from inference_server.observability.logging import Threshold

_PROBES = frozenset(
    {
        "/grpc.health.v1.Health/Check",
        "/inference.GRPCInferenceService/ServerLive",
        "/inference.GRPCInferenceService/ServerReady",
    }
)
"""Asked every second by whoever balances the load, and the same answer each time."""


class RequestLog(Observer):
    """Writes every failed call, and a share of the others; of probes only those that failed."""

    def __init__(self, log: Log, *, share: float, threshold: Threshold) -> None:
        self._log = log
        self._threshold = threshold
        self._share = share

    def answered(self, answered: Answered) -> None:
        """Write its line."""
        if not answered.bug and not self._threshold.writes_info:
            return
        if answered.code == code_pb2.OK and answered.method in _PROBES:
            return
        if answered.code == code_pb2.OK and self._share < 1 and random.random() >= self._share:  # noqa: S311  # no secret
            return
        facts: dict[str, object] = {
            "method": answered.method,
            "market": answered.market,
            "version": answered.version,
            "rows": answered.rows,
            "messages": answered.messages,
            "code": code_pb2.Code.Name(answered.code),
            "ms": round(answered.seconds * 1000, 3),
        }
        if answered.reason:
            facts["reason"] = answered.reason
        if answered.bug:
            self._log.error("request", **facts, exc_info=answered.bug)
        else:
            self._log.info("request", **facts)
