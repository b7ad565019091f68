"""What is told of each answered call, and the log that tells it."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from google.rpc import code_pb2

Log = structlog.typing.FilteringBoundLogger


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A call that has ended, whichever way."""

    method: str
    """/package.Service/Method."""
    market: str
    version: int
    """Registry version that answered; 0 where none did."""
    messages: int
    """Questions answered: more than one only in a stream."""
    rows: int
    code: int
    """google.rpc.Code, 0 where all went well."""
    seconds: float
    reason: str
    """What the caller was told, where not all went well."""
    bug: BaseException | None
    """What nobody expected, for the log alone."""


Observer = Callable[[Answered], None]


def logged(log: Log) -> Observer:
    """One line a call."""

    def tell(answered: Answered) -> None:
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
            log.error("request", **facts, exc_info=answered.bug)
        else:
            log.info("request", **facts)

    return tell
