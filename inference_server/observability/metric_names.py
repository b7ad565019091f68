"""Every metric's name, after Prometheus' conventions; docs/metrics.md has Triton's beside them."""

from inference_server.observability.metric_store import Kind, Metric

SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
PHASE_SECONDS = (0.00001, 0.000025, 0.00005, *SECONDS[:-2])

REQUESTS = Metric(
    name="inference_requests_total",
    kind=Kind.COUNTER,
    help="Calls that have ended, by gRPC status.",
    labels=("method", "market", "version", "code"),
)
REQUEST_SECONDS = Metric(
    name="inference_request_seconds",
    kind=Kind.HISTOGRAM,
    help="From a call's acceptance to its end; of a stream, its whole length.",
    labels=("method", "market"),
    buckets=SECONDS,
)
ROWS = Metric(
    name="inference_rows_total",
    kind=Kind.COUNTER,
    help="Houses that got their prices.",
    labels=("market", "version"),
)
PHASES = Metric(
    name="inference_phase_seconds",
    kind=Kind.HISTOGRAM,
    help="Phases of one request: queue, decode, compute, encode.",
    labels=("market", "phase"),
    buckets=PHASE_SECONDS,
)
IN_FLIGHT = Metric(
    name="inference_in_flight", kind=Kind.GAUGE, help="Requests that were accepted and not answered yet."
)
SHED = Metric(
    name="inference_shed_total",
    kind=Kind.COUNTER,
    help="Requests refused at once because too many others were in flight.",
    labels=("method",),
)
LOADS = Metric(
    name="inference_model_loads_total",
    kind=Kind.COUNTER,
    help="Versions loaded, or why not: replay_failed, refused, failed.",
    labels=("market", "outcome"),
)
LOAD_SECONDS = Metric(
    name="inference_model_load_seconds",
    kind=Kind.HISTOGRAM,
    help="Reading, checking and warming a version, successful or not.",
    labels=("market",),
    buckets=SECONDS,
)
REPLAYS = Metric(
    name="inference_golden_replays_total",
    kind=Kind.COUNTER,
    help="Golden rows asked again when a version was loaded: passed, or failed.",
    labels=("market", "outcome"),
)
CHAMPION = Metric(
    name="inference_champion_info",
    kind=Kind.GAUGE,
    help="The version that serves by default; the value is the number of workers that serve it.",
    labels=("market", "version", "sha256"),
)
LOGGED = Metric(
    name="inference_predictions_logged_total",
    kind=Kind.COUNTER,
    help="Answers that the prediction log was given: written, dropped because it was behind, or failed.",
    labels=("market", "outcome"),
)
WORKERS = Metric(name="inference_workers", kind=Kind.GAUGE, help="Worker processes that serve.")
RESTARTS = Metric(
    name="inference_worker_restarts_total",
    kind=Kind.COUNTER,
    help="Workers that ended on their own and were replaced.",
)

ALL = (
    REQUESTS, REQUEST_SECONDS, ROWS, PHASES, IN_FLIGHT, SHED, LOADS, LOAD_SECONDS, REPLAYS, CHAMPION, LOGGED,
    WORKERS, RESTARTS,
)  # fmt: skip
