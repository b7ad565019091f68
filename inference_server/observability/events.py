"""The events of a server, and the observers that receive them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

Log = structlog.typing.FilteringBoundLogger


@dataclass(kw_only=True, slots=True)
class Answered:
    """A call that has ended, with or without an error."""

    method: str
    """/package.Service/Method; OTHER for an unimplemented method, so that callers cannot invent labels."""
    market: str
    version: int
    """Registry version that was asked; 0 if none that is loaded was."""
    messages: int
    """Requests answered: more than one only in a stream."""
    rows: int
    code: int
    """google.rpc.Code; 0 is OK."""
    seconds: float
    reason: str
    """The message that the caller got with an error; else empty."""
    bug: BaseException | None
    """An unexpected exception, for the log alone."""
    metadata: Mapping[str, str | bytes]
    """The caller's, with its credentials: log only keys that are known to be harmless."""
    is_shed: bool = False
    """Whether it was refused because too many requests were in flight."""


@dataclass(kw_only=True, slots=True)
class Priced:
    """A request that was priced; a stream has many."""

    method: str
    market: str
    version: int
    id: str
    """The caller's name for the request; empty if it gave none."""
    ended: float
    """Seconds since 1970."""
    queue: float
    """Seconds from acceptance to the start of decoding, and of waiting for a thread."""
    decode: float
    """Seconds from bytes to arrays, including checks."""
    compute: float
    """Seconds from arrays to prices."""
    encode: float
    """Seconds from prices to bytes."""
    rows: int
    inputs: Any
    """The houses as the model takes them, an Inputs."""
    prices: Any
    """The model's output, a Prices."""
    warnings: Mapping[int, Sequence[str]] | None = None
    """What makes prices less certain, by row; None if the request did not ask."""
    metadata: Mapping[str, str | bytes]


@dataclass(kw_only=True, slots=True)
class Failed:
    """A request for a loaded version that got no prices, for whatever reason."""

    method: str
    market: str
    version: int
    seconds: float
    """Since the request was accepted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """An attempt to load a version."""

    market: str
    version: int
    outcome: str
    """loaded, replay_failed, refused or failed."""
    seconds: float


OTHER = "other"


class Observer:
    """Ignores every event; subclasses override what they observe. Runs on the event loop: never block."""

    def answered(self, answered: Answered) -> None:
        """A call has ended."""

    def priced(self, priced: Priced) -> None:
        """A request got its prices."""

    def failed(self, failed: Failed) -> None:
        """A request for a loaded version got no prices."""

    def loaded(self, loaded: Loaded) -> None:
        """A version was loaded, or refused."""


NULL_OBSERVER = Observer()
"""Observes nothing."""


class CompositeObserver(Observer):
    """Passes each event to the observers that override its method. Their errors never reach a request."""

    def __init__(self, observers: Sequence[Observer], log: Log) -> None:
        self._log = log
        self._answered = [one.answered for one in observers if type(one).answered is not Observer.answered]
        self._priced = [one.priced for one in observers if type(one).priced is not Observer.priced]
        self._failed = [one.failed for one in observers if type(one).failed is not Observer.failed]
        self._loaded = [one.loaded for one in observers if type(one).loaded is not Observer.loaded]

    def answered(self, answered: Answered) -> None:
        """Pass it on."""
        self._tell(self._answered, answered)

    def priced(self, priced: Priced) -> None:
        """Pass it on."""
        self._tell(self._priced, priced)

    def failed(self, failed: Failed) -> None:
        """Pass it on."""
        self._tell(self._failed, failed)

    def loaded(self, loaded: Loaded) -> None:
        """Pass it on."""
        self._tell(self._loaded, loaded)

    def _tell(self, listeners: Sequence[Any], event: object) -> None:
        for listener in listeners:
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001  # a fault of observation is none of the request
                self._log.error("observer failed", exc_info=error)
