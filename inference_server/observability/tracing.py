"""Spans for OpenTelemetry, from the records of what has ended. Needs the extra `traces`.

A call is a span below the caller's, which `traceparent` in its metadata names (W3C), and its parts are spans
below that. Where to and how many stands in OpenTelemetry's own variables: OTEL_EXPORTER_OTLP_ENDPOINT,
OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME and the others.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from google.rpc import code_pb2

from inference_server.observability.events import Answered, Observer, Priced
from inference_server.settings import BadSettings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

SERVICE_NAME = "inference-server"
MOST_PARTS = 100
"""Requests of one stream that get spans of their own."""
FLUSH_SECONDS = 2.0
"""How long spans may take to leave when the server stops."""
PHASES = ("queue", "decode", "compute", "encode")
CARRIED = ("traceparent", "tracestate")
FAULTS = frozenset({code_pb2.UNKNOWN, code_pb2.INTERNAL, code_pb2.UNAVAILABLE, code_pb2.DATA_LOSS})
"""Codes that are the server's fault, and so an error of its span."""


class Traces(Observer):
    """Makes spans with a tracer."""

    def __init__(self, tracer: "Tracer") -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._tracer = tracer
        self._extract = TraceContextTextMapPropagator().extract
        self._parts: dict[int, list[Priced]] = {}
        """By the identity of the call's metadata, until the call ends."""

    def priced(self, priced: Priced) -> None:
        """Keep it for the call's end."""
        parts = self._parts.setdefault(id(priced.metadata), [])
        if len(parts) < MOST_PARTS:
            parts.append(priced)

    def answered(self, answered: Answered) -> None:
        """Make the call's span, with its parts."""
        from opentelemetry.trace import SpanKind

        parts = self._parts.pop(id(answered.metadata), [])
        end = time.time_ns()
        span = self._tracer.start_span(
            answered.method[1:],
            context=self._extract(_texts(answered.metadata)),
            kind=SpanKind.SERVER,
            attributes=_attributes(answered),
            start_time=end - _ns(answered.seconds),
        )
        if span.is_recording():
            for priced in parts:
                self._part(span, priced)
            if answered.code in FAULTS:
                _mark(span, answered.reason)
        span.end(end)

    def _part(self, call: "Span", priced: Priced) -> None:
        from opentelemetry.trace import set_span_in_context

        context = set_span_in_context(call)
        start = _ns(priced.ended) - _ns(sum(getattr(priced, phase) for phase in PHASES))
        for phase in PHASES:
            end = start + _ns(getattr(priced, phase))
            self._tracer.start_span(phase, context=context, start_time=start).end(end)
            start = end


def _attributes(answered: Answered) -> dict[str, str | int]:
    service, _, method = answered.method[1:].rpartition("/")
    return {
        "rpc.system": "grpc",
        "rpc.service": service,
        "rpc.method": method,
        "rpc.grpc.status_code": answered.code,
        "inference.market": answered.market,
        "inference.version": answered.version,
        "inference.rows": answered.rows,
    }


def _mark(span: "Span", reason: str) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_status(Status(StatusCode.ERROR, reason))


def _texts(metadata: Mapping[str, str | bytes]) -> dict[str, str]:
    return {name: str(metadata[name]) for name in CARRIED if name in metadata}


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)


@contextlib.contextmanager
def tracing(how: str) -> Iterator[Traces]:
    """Send spans as long as the block lasts. Raises BadSettings without the extra."""
    os.environ.setdefault("OTEL_SERVICE_NAME", SERVICE_NAME)
    try:
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporter = _exporter(how)
    except ImportError as error:
        raise BadSettings(
            f"--traces {how} needs a package that is not installed: {error.name}. "
            "Install house-prices[traces], or leave it out."
        ) from error
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    try:
        yield Traces(provider.get_tracer("inference_server"))
    finally:
        leaving = threading.Thread(target=provider.shutdown, daemon=True)
        leaving.start()
        leaving.join(FLUSH_SECONDS)


def _exporter(how: str) -> "SpanExporter":
    if how == "otlp-grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as OverGrpc

        return OverGrpc()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as OverHttp

    return OverHttp()
