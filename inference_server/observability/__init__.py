"""What a server tells of its work, and to whom: a record of each event, and a small file for each listener.

log          one line a request
metrics      counts for Prometheus
traces       spans for OpenTelemetry
predictions  the prediction log
"""

from inference_server.observability.events import (
    NOBODY,
    Answered,
    Failed,
    Loaded,
    Log,
    Observer,
    Priced,
    Together,
)

__all__ = ["NOBODY", "Answered", "Failed", "Loaded", "Log", "Observer", "Priced", "Together"]
