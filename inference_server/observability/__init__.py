"""Observation of the server: a record for each event, and a module for each observer.

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
