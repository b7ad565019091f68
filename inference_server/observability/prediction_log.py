"""The prediction log: sampled requests with their answers, one JSON object a line.

    <folder>/<market>/<number>.jsonl             written now; one number for each worker, held by a lock
    <folder>/<market>/<number>-<time>-<id>.jsonl closed: full, or an hour old

A request only puts a reference into a queue; a thread formats and writes it. While the queue is full,
requests are dropped and counted. Closed files stay until the asset served_predictions has moved them.
"""

import contextlib
import hashlib
import hmac
import math
import random
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from inference_server.observability import metric_names
from inference_server.observability.events import Log, Observer, Priced
from inference_server.observability.metric_store import Metric, MetricStore
from inference_server.observability.rotating_file import RotatingFile

MOST_WAITING = 1000
"""Requests in the queue."""
MOST_ROWS_WAITING = 100_000
"""Houses in the queue, whose arrays stay in memory meanwhile."""
FLUSH_SECONDS = 2.0
"""Time to write what is queued when the server stops."""
RECORD = 2
"""Version of a line's layout. The first had no number, no references and no warnings."""
PAUSE_S = 0.05
"""Requests collect for so long: a thread that wakes for each one slows the event loop down."""
FILE_BYTES, CLOSED_BYTES = 64 * 2**20, 2**30
"""Of one worker and market: in a file, and in closed files that nobody has moved."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Names of a model's inputs, in their order."""

    numbers: Sequence[str]
    categories: Sequence[str]
    warnings: Callable[[Any], Mapping[int, Sequence[str]]]
    """Those of an Inputs, by row."""


class PredictionLog(Observer):
    """Puts sampled requests into the queue."""

    def __init__(
        self,
        folder: Path,
        *,
        share: float,
        file_seconds: float,
        key: bytes | None,
        columns: Callable[[str, int], Columns],
        store: MetricStore,
        log: Log,
    ) -> None:
        """`columns` gives those of a version of a market.

        A file is closed after `file_seconds`. With a `key`, references are written as their HMAC.
        """
        self._folder = folder
        self._share = share
        self._file_seconds = file_seconds
        self._key = key
        self._columns = columns
        self._known: dict[tuple[str, int], Columns] = {}
        self._store = store
        self._log = log
        self._waiting: deque[tuple[Priced, Columns]] = deque()
        self._is_over = threading.Event()
        self._files: dict[str, RotatingFile] = {}
        self._outcomes: dict[tuple[str, str], int] = {}
        self._thread = threading.Thread(target=self._write_all, name="prediction log", daemon=True)
        self._is_broken = False
        self._rows_taken, self._rows_done = 0, 0

    def priced(self, priced: Priced) -> None:
        """Queue it or drop it, without waiting."""
        if self._share < 1 and random.random() >= self._share:  # noqa: S311  # no secret
            return
        if (
            self._rows_taken - self._rows_done + priced.rows > MOST_ROWS_WAITING
            or len(self._waiting) >= MOST_WAITING
        ):
            self._store.add(metric_names.LOGGED, priced.market, "dropped")
            return
        key = (priced.market, priced.version)
        if key not in self._known:
            self._known[key] = self._columns(*key)
        self._waiting.append((priced, self._known[key]))
        self._rows_taken += priced.rows

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Write during the block; at its end, write what is still queued."""
        self._thread.start()
        self._store.add_collector(self._counted)
        try:
            yield
        finally:
            self._is_over.set()
            self._thread.join(timeout=FLUSH_SECONDS)

    def _counted(self) -> Iterator[tuple[Metric, Sequence[str], float]]:
        """What the thread did: the store itself grows on the event loop alone."""
        for (market, outcome), count in list(self._outcomes.items()):
            yield metric_names.LOGGED, (market, outcome), count

    def _write_all(self) -> None:
        is_over = False
        while not is_over:
            is_over = self._is_over.wait(PAUSE_S)
            for market, taken in self._taken().items():
                self._write(market, taken)
            for file in self._files.values():
                with self._telling():
                    file.close() if is_over else file.close_if_old()

    def _taken(self) -> dict[str, list[tuple[Priced, Columns]]]:
        """What waits, by market."""
        found: dict[str, list[tuple[Priced, Columns]]] = {}
        while self._waiting:
            priced, columns = self._waiting.popleft()
            found.setdefault(priced.market, []).append((priced, columns))
        return found

    def _write(self, market: str, taken: Sequence[tuple[Priced, Columns]]) -> None:
        lines: list[bytes] = []
        written = 0
        for priced, columns in taken:
            with self._telling():
                lines.append(line(priced, columns, self._key))
        with self._telling():
            self._file(market).write(b"".join(lines))
            written = len(lines)
            self._is_broken = written < len(taken)
        for outcome, count in (("written", written), ("failed", len(taken) - written)):
            if count:
                self._outcomes[market, outcome] = self._outcomes.get((market, outcome), 0) + count
        self._rows_done += sum(priced.rows for priced, _ in taken)

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Log the first of several errors: a full disk must not end the log, or a request."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  # whatever it is
            if not self._is_broken:
                self._log.error("prediction log cannot be written", reason=str(error))
            self._is_broken = True

    def _file(self, market: str) -> RotatingFile:
        if market not in self._files:
            self._files[market] = RotatingFile(
                self._folder / market,
                most_bytes=FILE_BYTES,
                most_seconds=self._file_seconds,
                most_closed_bytes=CLOSED_BYTES,
            )
        return self._files[market]


def line(priced: Priced, columns: Columns, key: bytes | None = None) -> bytes:
    """A request and its answer, as they are kept.

    It takes few steps: a busy server runs them between requests, with cold caches.
    """
    warnings = columns.warnings(priced.inputs) if priced.warnings is None else priced.warnings
    references = [_shown(one, key) for one in priced.inputs.references]
    entry = {
        "record": RECORD,
        "time": f"{_second(int(priced.ended))}.{int(priced.ended % 1 * 1000):03}+00:00",
        "id": priced.id or str(priced.metadata.get("x-request-id", "")) or f"{random.getrandbits(128):032x}",
        "market": priced.market,
        "version": priced.version,
        "method": priced.method,
        "houses": _houses(priced.inputs, columns),
        **({"references": references} if references else {}),
        **({} if priced.inputs.days is None else {"valued": [*map(_date, priced.inputs.days.tolist())]}),
        **_prices(priced.prices),
        **({"warnings": {str(row): told for row, told in warnings.items()}} if warnings else {}),
    }
    return orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE)


def _date(days: float) -> str | None:
    """The date so many days from 1970-01-01 on; None for the model's reference date."""
    return None if math.isnan(days) else datetime.fromtimestamp(days * 86_400, UTC).date().isoformat()


def _shown(reference: str, key: bytes | None) -> str | None:
    """A reference, or its hash; None for none."""
    if not reference or key is None:
        return reference or None
    return hashed(reference, key)


def hashed(reference: str, key: bytes) -> str:
    """A reference's HMAC-SHA256, in hexadecimal."""
    return hmac.digest(key, reference.encode(), hashlib.sha256).hex()


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    """A time without what follows its second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _houses(inputs: Any, columns: Columns) -> list[dict[str, Any]]:
    """By feature name, as the model took them; what was missing is left out."""
    houses = []
    for numbers, categories in zip(inputs.numbers.tolist(), inputs.categories.tolist(), strict=True):
        house = dict(zip(columns.numbers, numbers, strict=True))
        if not math.isfinite(sum(numbers)):
            house = {name: value for name, value in house.items() if math.isfinite(value)}
        if "" in categories:
            known = zip(columns.categories, categories, strict=True)
            house.update((name, text) for name, text in known if text)
        else:
            house.update(zip(columns.categories, categories, strict=True))
        houses.append(house)
    return houses


def _prices(prices: Any) -> dict[str, list[float]]:
    columns = {"prices": prices.price, "lower": prices.lower, "upper": prices.upper}
    return {name: column.tolist() for name, column in columns.items() if column is not None}
