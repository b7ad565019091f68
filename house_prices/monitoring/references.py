"""References of callers, as the prediction log has them: as they came, or hashed with the servers' key."""

import os
from pathlib import Path

from house_prices.errors import MonitoringError
from inference_server.observability.prediction_log import hashed

KEY_FILE = "HOUSE_PRICES_REFERENCE_KEY_FILE"
"""Variable with the path of the servers' --prediction-log-key-file; unset if they hash nothing."""


def key() -> bytes | None:
    """The servers' key. Raises MonitoringError if its file cannot be used."""
    path = os.environ.get(KEY_FILE, "")
    if not path:
        return None
    try:
        secret = Path(path).read_bytes().strip()
    except OSError as error:
        raise MonitoringError(f"{KEY_FILE}: {path} cannot be read: {error.strerror}") from error
    if not secret:
        raise MonitoringError(f"{KEY_FILE}: {path} is empty, allowed: the servers' key.")
    return secret


def as_logged(reference: str, key: bytes | None) -> str:
    """A reference as the log has it."""
    return reference if key is None else hashed(reference, key)
