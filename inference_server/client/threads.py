"""Batches single houses of several threads into one request, sent by one of the threads."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from inference_server.client.answers import ClientError, Prices
from inference_server.client.batching import MOST_HOUSES, blamed

Send = Callable[[str, Sequence[Any]], Prices]
"""Market and House messages to prices."""


class _Asked:
    """A house that a thread waits for."""

    def __init__(self, house: Any) -> None:
        self.house = house
        self.woken = threading.Event()
        """Set when there is a response, or when it is this thread's turn to send."""
        self.response: Prices | None = None
        self.error: Exception | None = None

    @property
    def is_answered(self) -> bool:
        return self.response is not None or self.error is not None


class _Batch:
    """The houses of one market that wait while a request is in flight."""

    def __init__(self, market: str, send: Send) -> None:
        self._market = market
        self._send = send
        self._lock = threading.Lock()
        self._waiting: list[_Asked] = []
        self._is_asking = False

    def ask(self, house: Any) -> Prices:
        asked = _Asked(house)
        with self._lock:
            self._waiting.append(asked)
            is_mine, self._is_asking = not self._is_asking, True
        if not is_mine:
            asked.woken.wait()
        if not asked.is_answered:
            self._ask_for_all()
        if asked.error:
            raise asked.error
        if asked.response is None:
            raise RuntimeError("a house was asked for and forgotten")
        return asked.response

    def _ask_for_all(self) -> None:
        """Send the first waiting houses, including this thread's own, and pass the turn on."""
        with self._lock:
            batch, self._waiting = self._waiting[:MOST_HOUSES], self._waiting[MOST_HOUSES:]
        try:
            self._answer(batch)
        finally:
            with self._lock:
                heir = self._waiting[0] if self._waiting else None
                self._is_asking = heir is not None
            for asked in (*batch, *([heir] if heir else [])):
                asked.woken.set()

    def _answer(self, batch: Sequence[_Asked]) -> None:
        try:
            prices = self._send(self._market, [asked.house for asked in batch])
        except ClientError as error:
            refused = blamed(error, len(batch))
            for place, asked in enumerate(batch):
                asked.error = refused.get(place) if refused else error
            sound = [asked for asked in batch if asked.error is None]
            if sound:
                self._answer(sound)
        except BaseException as error:
            for asked in batch:
                asked.error = RuntimeError(f"the request of several houses failed: {error!r}")
            raise
        else:
            for place, asked in enumerate(batch):
                asked.response = prices.only(place)


class Batches:
    """One batch at a time for each market."""

    def __init__(self, send: Send) -> None:
        self._lock = threading.Lock()
        self._batches: dict[str, _Batch] = {}
        self._send = send

    def ask(self, market: str, house: Any) -> Prices:
        """The price of a house; raises ClientError."""
        with self._lock:
            batch = self._batches.setdefault(market, _Batch(market, self._send))
        return batch.ask(house)
