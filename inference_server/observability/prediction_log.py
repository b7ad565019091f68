"""The prediction log: sampled requests with their answers, one JSON object a line.

    <folder>/<market>/<number>.jsonl          written now; one number for each worker, held by a lock
    <folder>/<market>/<number>-<time>.jsonl   full; the oldest go

A request only puts a reference into a queue; a thread formats and writes it. While the queue is full,
requests are dropped and counted.
"""

import contextlib
import json
import queue
import random
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
FILE_BYTES, FILES = 64 * 2**20, 16
"""Of one worker and market; 1 GiB in all."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Names of a model's inputs, in their order."""

    numbers: Sequence[str]
    categories: Sequence[str]


class PredictionLog(Observer):
    """Puts sampled requests into the queue."""

    def __init__(
        self,
        folder: Path,
        *,
        share: float,
        columns: Callable[[str, int], Columns],
        store: MetricStore,
        log: Log,
    ) -> None:
        """`columns` gives those of a version of a market."""
        self._folder = folder
        self._share = share
        self._columns = columns
        self._store = store
        self._log = log
        self._waiting: queue.Queue[tuple[Priced, Columns] | None] = queue.Queue(MOST_WAITING)
        self._files: dict[str, RotatingFile] = {}
        self._outcomes: dict[tuple[str, str], int] = {}
        self._thread = threading.Thread(target=self._write_all, name="prediction log", daemon=True)
        self._is_broken = False
        self._rows_taken, self._rows_done = 0, 0

    def priced(self, priced: Priced) -> None:
        """Queue it or drop it, without waiting."""
        if self._share < 1 and random.random() >= self._share:  # noqa: S311  # no secret
            return
        if self._rows_taken - self._rows_done + priced.rows > MOST_ROWS_WAITING or self._waiting.full():
            self._store.add(metric_names.LOGGED, priced.market, "dropped")
            return
        self._waiting.put_nowait((priced, self._columns(priced.market, priced.version)))
        self._rows_taken += priced.rows

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Write during the block; at its end, write what is still queued."""
        self._thread.start()
        self._store.add_collector(self._counted)
        try:
            yield
        finally:
            with contextlib.suppress(queue.Full):
                self._waiting.put(None, timeout=FLUSH_SECONDS / 2)
            self._thread.join(timeout=FLUSH_SECONDS)

    def _counted(self) -> Iterator[tuple[Metric, Sequence[str], float]]:
        """What the thread did: the store itself grows on the event loop alone."""
        for (market, outcome), count in list(self._outcomes.items()):
            yield metric_names.LOGGED, (market, outcome), count

    def _write_all(self) -> None:
        while (taken := self._waiting.get()) is not None:
            priced, columns = taken
            try:
                self._file(priced.market).write(_line(priced, columns))
                self._count(priced.market, "written")
                self._is_broken = False
            except Exception as error:  # noqa: BLE001  # a full disk must not end the log, or a request
                self._count(priced.market, "failed")
                if not self._is_broken:
                    self._log.error("prediction log cannot be written", reason=str(error))
                self._is_broken = True
            self._rows_done += priced.rows

    def _count(self, market: str, outcome: str) -> None:
        key = (market, outcome)
        self._outcomes[key] = self._outcomes.get(key, 0) + 1

    def _file(self, market: str) -> RotatingFile:
        if market not in self._files:
            self._files[market] = RotatingFile(self._folder / market, most_bytes=FILE_BYTES, files=FILES)
        return self._files[market]


def _line(priced: Priced, columns: Columns) -> bytes:
    entry = {
        "time": datetime.fromtimestamp(priced.ended, UTC).isoformat(timespec="milliseconds"),
        "id": priced.id or str(priced.metadata.get("x-request-id", "")) or uuid.uuid4().hex,
        "market": priced.market,
        "version": priced.version,
        "method": priced.method,
        "houses": list(_houses(priced.inputs, columns)),
        **_prices(priced.prices),
    }
    return json.dumps(entry, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def _houses(inputs: Any, columns: Columns) -> Iterator[dict[str, object]]:
    """By feature name, as the model took them; what was missing is left out."""
    for numbers, categories in zip(inputs.numbers.tolist(), inputs.categories.tolist(), strict=True):
        known = {
            name: value for name, value in zip(columns.numbers, numbers, strict=True) if _is_known(value)
        }
        texts = {name: text for name, text in zip(columns.categories, categories, strict=True) if text}
        yield {**known, **texts}


def _is_known(value: float) -> bool:
    return value == value and abs(value) != float("inf")


def _prices(prices: Any) -> dict[str, list[float]]:
    columns = {"prices": prices.price, "lower": prices.lower, "upper": prices.upper}
    return {name: column.tolist() for name, column in columns.items() if column is not None}
