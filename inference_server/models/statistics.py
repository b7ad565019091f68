"""What each loaded version has done since it was loaded, and how long it took."""

from dataclasses import dataclass, field

from inference_server.observability import Failed, Loaded, Observer, Priced


@dataclass(kw_only=True)
class Duration:
    """A count and a total duration."""

    count: int = 0
    ns: int = 0

    def add(self, seconds: float) -> None:
        """Count one more, of so many seconds."""
        self.count += 1
        self.ns += round(seconds * 1e9)


@dataclass(kw_only=True)
class Statistics:
    """Sums over the requests of one version."""

    rows: int = 0
    last_ms: int = 0
    """When the last request was answered, in milliseconds since 1970; 0 if there was none yet."""
    success: Duration = field(default_factory=Duration)
    fail: Duration = field(default_factory=Duration)
    queue: Duration = field(default_factory=Duration)
    decode: Duration = field(default_factory=Duration)
    compute: Duration = field(default_factory=Duration)
    encode: Duration = field(default_factory=Duration)


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
        to.rows += priced.rows
        to.last_ms = int(priced.ended * 1000)
        to.success.add(priced.queue + priced.decode + priced.compute + priced.encode)
        to.queue.add(priced.queue)
        to.decode.add(priced.decode)
        to.compute.add(priced.compute)
        to.encode.add(priced.encode)

    def failed(self, failed: Failed) -> None:
        """Count the failure."""
        self.of(failed.market, failed.version).fail.add(failed.seconds)

    def loaded(self, loaded: Loaded) -> None:
        """Start a version that was loaded from zero."""
        if loaded.outcome == "loaded":
            self._by_version[loaded.market, loaded.version] = Statistics()
