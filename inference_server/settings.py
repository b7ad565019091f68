"""What a server can be told when it starts."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Each is a flag and an INFERENCE_SERVER_* variable; see `inference-server --help`."""

    models: Path
    """The registry's folder."""
    host: str = "127.0.0.1"
    port: int = 8001
    """0 picks a free one."""
    poll_seconds: float = 1.0
    """How often the registry is looked at for a new champion."""
    max_rows: int = 10_000
    """Most rows in one request."""
    max_message_bytes: int = 16 * 2**20
    grace_seconds: float = 10.0
    """How long accepted requests may take to end once the server is told to stop."""
    log_level: str = "info"
