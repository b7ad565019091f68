"""What a server can be told when it starts."""

from dataclasses import dataclass
from pathlib import Path


class BadSettings(Exception):
    """Settings that do not go together, or that name a file that cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Each is a flag and an INFERENCE_SERVER_* variable; see `inference-server --help`."""

    models: Path
    """The registry's folder."""
    host: str = "127.0.0.1"
    port: int = 8001
    """0 picks a free one."""
    metrics_port: int | None = 8002
    """Prometheus' scrapes, over HTTP; 0 picks a free one, None is off."""
    health_port: int | None = None
    """grpc.health.v1 alone, without TLS, for probes that cannot do TLS; None is off."""
    workers: int = 1
    """Processes on the one port."""
    worker: int | None = None
    """Which of the workers this process is; None where it is none. Told by the supervisor."""
    poll_seconds: float = 1.0
    """How often the registry is looked at for a new champion."""
    max_rows: int = 10_000
    """Most rows in one request."""
    max_message_bytes: int = 16 * 2**20
    max_in_flight: int = 512
    """Most requests of one worker that are accepted and not answered yet; more are refused at once."""
    stream_idle_seconds: float = 300.0
    """How long a stream may wait for its caller, to ask or to take an answer."""
    keepalive_seconds: float = 60.0
    """How often a silent connection is asked whether its caller is still there."""
    max_connection_age_seconds: float = 0.0
    """When a connection is closed, gracefully, so that callers spread over new workers; 0 is never."""
    grace_seconds: float = 10.0
    """How long accepted requests may take to end once the server is told to stop."""
    tls_cert: Path | None = None
    """PEM: the server's certificate and those between it and the root."""
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    """PEM: who signs client certificates; given, every client must have one."""
    inference_token_file: Path | None = None
    admin_token_file: Path | None = None
    admin_subject: tuple[str, ...] = ()
    """Common or alternative names of the client certificates that have the role admin."""
    prediction_log: Path | None = None
    """Folder for sampled requests with their answers; None is off."""
    prediction_log_sample: float = 1.0
    """Share of the requests that are written there."""
    traces: str = "off"
    """otlp-grpc or otlp-http; where to, and how many, stands in OpenTelemetry's own variables."""
    log_level: str = "info"
    log_sample: float = 1.0
    """Share of the requests without a fault that get a line in the log."""
    settings: Path | None = None
    """The file that settings were read from, and that SIGHUP reads again."""

    def __post_init__(self) -> None:
        """Raise BadSettings for what does not go together."""
        if (self.tls_cert is None) != (self.tls_key is None):
            raise BadSettings("--tls-cert and --tls-key go together: one of them is missing.")
        if self.tls_client_ca and not self.tls_cert:
            raise BadSettings("--tls-client-ca checks clients in TLS: give --tls-cert and --tls-key too.")
        if self.admin_subject and not self.tls_client_ca:
            raise BadSettings("--admin-subject names client certificates: give --tls-client-ca too.")
