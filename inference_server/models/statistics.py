"""What each loaded version has done since it was loaded, and how long it took."""

from dataclasses import dataclass

from inference_server.observability import Failed, Loaded, Observer, Priced


@dataclass(kw_only=True, slots=True)
class Statistics:
    """Sums over the requests of one version, durations in seconds."""

    priced: int = 0
    """Requests."""
    rows: int = 0
    last_ms: int = 0
    """When the last request was answered, in milliseconds since 1970; 0 if there was none yet."""
    queue: float = 0.0
    decode: float = 0.0
    compute: float = 0.0
    encode: float = 0.0
    failed: int = 0
    """Requests."""
    failed_seconds: float = 0.0


class ModelStatistics(Observer):
    """The statistics of every loaded version; kept on the event loop, so without a lock."""

    def __init__(self) -> None:
        self._by_version: dict[tuple[str, int], Statistics] = {}

    def of(self, market: str, version: int) -> Statistics:
        """Those of one version."""
        known = self._by_version.get((market, version))
        if known is None:
            known = self._by_version[market, version] = Statistics()
        return known

    def priced(self, priced: Priced) -> None:
        """Add the time of each phase."""
        to = self.of(priced.market, priced.version)
        to.priced += 1
        to.rows += priced.rows
        to.last_ms = int(priced.ended * 1000)
        to.queue += priced.queue
        to.decode += priced.decode
        to.compute += priced.compute
        to.encode += priced.encode

    def failed(self, failed: Failed) -> None:
        """Count the failure."""
        to = self.of(failed.market, failed.version)
        to.failed += 1
        to.failed_seconds += failed.seconds

    def loaded(self, loaded: Loaded) -> None:
        """Start a version that was loaded from zero."""
        if loaded.outcome == "loaded":
            self._by_version[loaded.market, loaded.version] = Statistics()
