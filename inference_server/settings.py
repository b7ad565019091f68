"""The settings of a server. Command-line options, environment variables and the settings file follow them."""

# ruff: noqa: RUF009  # _setting makes fields

import json
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

LOG_LEVELS = ("debug", "info", "warning", "error")
"""From the most to the fewest lines."""
TRANSPORTS = ("grpcio", "envoy")
TRACES = ("off", "otlp-grpc", "otlp-http")

FEWEST_STREAMS = 100
"""Calls that a connection may have open at least, by RFC 9113's advice."""


class BadSettings(Exception):
    """Settings that contradict each other, or that name a file that cannot be used."""


def _setting(help: str, default: Any = MISSING, **option: Any) -> Any:  # noqa: A002  # as click calls it
    """A field, with what the command line needs to know of it.

    least, most     bounds of a number, both allowed
    choices         the texts that are allowed
    kind            "file", "folder" or "port" if the field's type does not tell
    """
    return field(default=default, metadata={"help": help, **option})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Each is a flag and an INFERENCE_SERVER_* variable; see `inference-server --help`."""

    settings: Path | None = _setting("TOML file of settings.", None, kind="file")
    """The file that settings were read from, and that SIGHUP reads again."""
    models: Path = _setting("Folder of the model registry.")
    host: str = _setting("Address to listen on; 0.0.0.0 is every one.", "127.0.0.1")
    port: int = _setting("0 picks a free one.", 8001, least=0, most=65535)
    metrics_port: int | None = _setting("Of Prometheus' metrics.", 8002, kind="port")
    """0 picks a free one, None is off."""
    health_port: int | None = _setting("Of health alone, without TLS.", None, kind="port")
    """grpc.health.v1 alone, for probes that cannot do TLS; None is off."""
    transport: str = _setting("What carries calls; envoy is faster.", "grpcio", choices=TRANSPORTS)
    """envoy needs the extra of that name, and also answers JSON, gRPC-Web and the page at /."""
    workers: int = _setting("Processes on the port.", 1, least=1)
    worker: int | None = _setting("", None, hidden=True)
    """The number of this worker process, given by its supervisor; None if this process is no worker."""
    poll_seconds: float = _setting("Time between two looks for a new champion.", 1.0, least=0.01)
    max_rows: int = _setting("Most houses in one request.", 10_000, least=1)
    max_message_bytes: int = _setting("Largest message that is read.", 16 * 2**20, least=1)
    max_in_flight: int = _setting("Most unanswered requests of a worker.", 512, least=1)
    """Further requests are refused at once."""
    max_explanations: int = _setting("Most unanswered requests for explanations of a worker.", 4, least=1)
    """They are computed one after another; further ones are refused at once."""
    body_seconds: float = _setting("How long a request's message may take to arrive.", 20.0, least=0.01)
    stream_idle_seconds: float = _setting("How long a stream may wait for its caller.", 300.0, least=0.01)
    """For the next request, or for room for a response."""
    keepalive_seconds: float = _setting(
        "How often a silent connection is asked whether it lives.", 60.0, least=1
    )
    max_connection_age_seconds: float = _setting(
        "When a connection is closed, gracefully; 0 is never.", 0.0, least=0
    )
    """Closing connections spreads callers over new workers."""
    grace_seconds: float = _setting("Time for accepted requests to end after SIGTERM.", 10.0, least=0)
    tls_cert: Path | None = _setting(
        "PEM of the server's certificate, with those up to the root.", None, kind="file"
    )
    tls_key: Path | None = _setting("PEM of its key.", None, kind="file")
    tls_client_ca: Path | None = _setting(
        "PEM of who signs client certificates; all must have one.", None, kind="file"
    )
    inference_token_file: Path | None = _setting(
        "Tokens that may ask for prices, one a line.", None, kind="file"
    )
    admin_token_file: Path | None = _setting(
        "Tokens that may also load and unload versions.", None, kind="file"
    )
    admin_subject: tuple[str, ...] = _setting("Name in a client certificate that may do so, too.", ())
    """Common or alternative names of the client certificates that have the role admin."""
    prediction_log: Path | None = _setting(
        "Where requests and answers are kept; off without it.", None, kind="folder"
    )
    prediction_log_sample: float = _setting("Share that is kept.", 1.0, least=0, most=1)
    prediction_log_file_seconds: float = _setting(
        "When a file of it is closed, and can be moved.", 3600.0, least=0.01
    )
    prediction_log_key_file: Path | None = _setting(
        "Secret with which callers' references are hashed in it.", None, kind="file"
    )
    """Without it, references stand there as they came."""
    traces: str = _setting("How spans leave; where to stands in OTEL_* variables.", "off", choices=TRACES)
    log_level: str = _setting("Least that is logged.", "info", choices=LOG_LEVELS)
    log_sample: float = _setting("Share of sound requests that get a line.", 1.0, least=0, most=1)

    def __post_init__(self) -> None:
        """Raise BadSettings for settings that contradict each other."""
        if (self.tls_cert is None) != (self.tls_key is None):
            raise BadSettings("--tls-cert and --tls-key go together: one of them is missing.")
        if self.tls_client_ca and not self.tls_cert:
            raise BadSettings("--tls-client-ca checks clients in TLS: give --tls-cert and --tls-key too.")
        if self.admin_subject and not self.tls_client_ca:
            raise BadSettings("--admin-subject names client certificates: give --tls-client-ca too.")

    @property
    def streams_a_connection(self) -> int:
        """Calls that a connection may have open, so that none takes all places; others wait at the caller."""
        return max(self.max_in_flight // 4, FEWEST_STREAMS)

    def dumped(self) -> str:
        """As text, for another process."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def loaded(cls, text: str) -> "Settings":
        """From `dumped`."""
        values = json.loads(text)
        for one in fields(cls):
            if one.type in (Path, Path | None) and values[one.name] is not None:
                values[one.name] = Path(values[one.name])
            elif one.default == ():
                values[one.name] = tuple(values[one.name])
        return cls(**values)
