"""The time that a request spends in each phase."""

import time


class Stopwatch:
    """Times one request: queue, decode, compute and encode, in seconds, which add up to the whole."""

    __slots__ = ("_accepted", "_computed", "_decoded", "_encoded", "_started", "_waited")

    def __init__(self, accepted: float | None = None) -> None:
        """`accepted` is when the request was accepted, by time.perf_counter(); None if it did not wait."""
        self._started = self._decoded = self._computed = self._encoded = time.perf_counter()
        self._accepted = self._started if accepted is None else accepted
        self._waited = 0.0

    def decoded(self) -> None:
        """The request's arrays are ready."""
        self._decoded = time.perf_counter()

    def computed(self, waited: float = 0.0) -> None:
        """The response is ready, after waiting so many seconds for a thread."""
        self._computed = time.perf_counter()
        self._waited = waited

    def encoded(self) -> None:
        """The response's bytes are ready."""
        self._encoded = time.perf_counter()

    @property
    def queue(self) -> float:
        """From acceptance to the start of decoding, and the wait for a thread."""
        return self._started - self._accepted + self._waited

    @property
    def decode(self) -> float:
        """From bytes to arrays."""
        return self._decoded - self._started

    @property
    def compute(self) -> float:
        """From arrays to prices."""
        return self._computed - self._decoded - self._waited

    @property
    def encode(self) -> float:
        """From prices to bytes."""
        return self._encoded - self._computed

    def elapsed(self) -> float:
        """Since acceptance."""
        return time.perf_counter() - self._accepted
