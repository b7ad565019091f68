"""What a loaded version has done since it was loaded, and how long it took."""

import time
from dataclasses import dataclass
from types import TracebackType


@dataclass(kw_only=True)
class Spent:
    """How often, and how long together."""

    count: int = 0
    ns: int = 0

    def add(self, ns: int) -> None:
        """Once more, and this long."""
        self.count += 1
        self.ns += ns


class Statistics:
    """Sums over the requests of one version; kept on the event loop, so without a lock."""

    def __init__(self) -> None:
        self.rows = 0
        self.last_ms = 0
        """Since 1970; 0 where there was no answer yet."""
        self.success, self.fail = Spent(), Spent()
        self.queue, self.decode, self.compute, self.encode = Spent(), Spent(), Spent(), Spent()

    def timing(self, accepted: float | None = None) -> "Timing":
        """Start the watch for one request, which waited since it was accepted, by time.perf_counter()."""
        return Timing(self, accepted)


class Timing:
    """The times of one request. A block of it that ends with an error counts the request as failed."""

    __slots__ = ("_accepted", "_computed", "_decoded", "_started", "_statistics", "_waited")

    def __init__(self, statistics: Statistics, accepted: float | None) -> None:
        self._statistics = statistics
        self._started = self._decoded = self._computed = time.perf_counter_ns()
        self._accepted = self._started if accepted is None else int(accepted * 1e9)
        self._waited = 0

    def decoded(self) -> None:
        """The request's arrays are there."""
        self._decoded = time.perf_counter_ns()

    def computed(self, waited: float = 0.0) -> None:
        """The prices are there, after so many seconds until there was a thread to compute on."""
        self._computed = time.perf_counter_ns()
        self._waited = int(waited * 1e9)

    def encoded(self, rows: int) -> None:
        """The answer's bytes are there, and the request is done."""
        end, to = time.perf_counter_ns(), self._statistics
        to.rows += rows
        to.last_ms = time.time_ns() // 1_000_000
        to.success.add(end - self._accepted)
        to.queue.add(self._started - self._accepted + self._waited)
        to.decode.add(self._decoded - self._started)
        to.compute.add(self._computed - self._decoded - self._waited)
        to.encode.add(end - self._computed)

    def __enter__(self) -> "Timing":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._statistics.fail.add(time.perf_counter_ns() - self._accepted)
