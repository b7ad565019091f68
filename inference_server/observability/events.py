"""The events, and what it takes to listen to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

Log = structlog.typing.FilteringBoundLogger


@dataclass(kw_only=True, slots=True)
class Answered:
    """A call that has ended, whichever way."""

    method: str
    """/package.Service/Method; OTHER for a method that there is not, so that callers invent no labels."""
    market: str
    version: int
    """Registry version that answered; 0 where none did."""
    messages: int
    """Questions answered: more than one only in a stream."""
    rows: int
    code: int
    """google.rpc.Code, 0 where all went well."""
    seconds: float
    reason: str
    """What the caller was told, where not all went well."""
    bug: BaseException | None
    """What nobody expected, for the log alone."""
    metadata: Mapping[str, str | bytes]
    """The caller's. Holds its credentials: nothing of it is logged but by name."""
    is_shed: bool = False
    """Whether it was refused because too many others were in flight."""


@dataclass(kw_only=True, slots=True)
class Priced:
    """A question that got its prices; many in a call that is a stream."""

    method: str
    market: str
    version: int
    id: str
    """What the caller calls the question; empty where it did not say."""
    ended: float
    """Seconds since 1970."""
    queue: float
    """Seconds between the call's acceptance and its handling, and until a thread was free to compute."""
    decode: float
    """Seconds from bytes to arrays, checks among them."""
    compute: float
    """Seconds from arrays to prices."""
    encode: float
    """Seconds from prices to bytes."""
    rows: int
    inputs: Any
    """The houses as the model takes them, an Inputs."""
    prices: Any
    """What the model answered, a Prices."""
    metadata: Mapping[str, str | bytes]


@dataclass(kw_only=True, slots=True)
class Failed:
    """A request that a loaded version was asked and gave no prices for, whoever's fault it was."""

    method: str
    market: str
    version: int
    seconds: float
    """Since the request was accepted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """A version that was loaded, or was refused."""

    market: str
    version: int
    outcome: str
    """loaded, or why not: replay_failed, refused or failed."""
    seconds: float


OTHER = "other"


class Observer:
    """Listens to all, does nothing. Called on the event loop: what takes time belongs on a thread."""

    def answered(self, answered: Answered) -> None:
        """A call has ended."""

    def priced(self, priced: Priced) -> None:
        """A request got its prices."""

    def failed(self, failed: Failed) -> None:
        """A request for a loaded version got no prices."""

    def loaded(self, loaded: Loaded) -> None:
        """A version was loaded, or refused."""


NULL_OBSERVER = Observer()
"""Where nobody listens."""


class CompositeObserver(Observer):
    """Many listeners, each told only what it listens to. None of their faults reaches a request."""

    def __init__(self, observers: Sequence[Observer], log: Log) -> None:
        self._log = log
        self._answered = [one.answered for one in observers if type(one).answered is not Observer.answered]
        self._priced = [one.priced for one in observers if type(one).priced is not Observer.priced]
        self._failed = [one.failed for one in observers if type(one).failed is not Observer.failed]
        self._loaded = [one.loaded for one in observers if type(one).loaded is not Observer.loaded]

    def answered(self, answered: Answered) -> None:
        """Tell all who listen to it."""
        self._tell(self._answered, answered)

    def priced(self, priced: Priced) -> None:
        """Tell all who listen to it."""
        self._tell(self._priced, priced)

    def failed(self, failed: Failed) -> None:
        """Tell all who listen to it."""
        self._tell(self._failed, failed)

    def loaded(self, loaded: Loaded) -> None:
        """Tell all who listen to it."""
        self._tell(self._loaded, loaded)

    def _tell(self, listeners: Sequence[Any], event: object) -> None:
        for listener in listeners:
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001  # a fault of observation is none of the request
                self._log.error("observer failed", exc_info=error)
