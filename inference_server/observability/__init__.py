"""What a server tells of its work, and to whom: a record of each event, and a small file for each listener.

log          one line a request
metrics      counts for Prometheus
traces       spans for OpenTelemetry
predictions  the prediction log
"""

from inference_server.observability.events import (
    NULL_OBSERVER,
    Answered,
    CompositeObserver,
    Failed,
    Loaded,
    Log,
    Observer,
    Priced,
)

__all__ = ["NULL_OBSERVER", "Answered", "CompositeObserver", "Failed", "Loaded", "Log", "Observer", "Priced"]
