"""Moves closed files of the prediction log to Parquet, each exactly once.

    <log>/<file>.jsonl                                      a line for each request
    <served>/day=2026-01-31/version=3/<file>-000.parquet    a row for each house
    <served>/unread/<file>.jsonl                            lines that are none, each with the reason

Everything that comes of a file bears its name, and the file is deleted last. A move that was killed, at
whatever step, is done again from the start: what it had written is deleted first.
"""

import io
import itertools
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from house_prices.errors import MonitoringError
from house_prices.monitoring import served
from house_prices.monitoring.served import FEATURE
from house_prices.registry import atomic_files
from inference_server.observability.prediction_log import RECORD
from inference_server.observability.rotating_file import held, put_aside

CHUNK_ROWS = 50_000
"""Houses in memory, and at most so many in one Parquet file, unless a single request had more."""
UNREAD, LOCK = "unread", ".moving.lock"
Part = tuple[str, int]
"""Day, as 2026-01-31, and version."""


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What one move did."""

    files: int
    rows: "Counter[Part]" = field(default_factory=Counter)
    """Houses by day and version."""
    unread: int = 0
    """Lines that are no requests."""


def move(log: Path, to: Path) -> Moved:
    """Move every closed file of a market's log. Raises MonitoringError."""
    to.mkdir(parents=True, exist_ok=True)
    with atomic_files.locked(to / LOCK):
        files = list(_closed(log))
        _discard_unfinished(to, files)
        rows: Counter[Part] = Counter()
        unread = 0
        for file in files:
            found, bad = _move_file(file, to)
            rows += found
            unread += bad
        return Moved(files=len(files), rows=rows, unread=unread)


def prune(to: Path, keep_days: int, today: date) -> list[str]:
    """Delete the days that are too old, and name them.

    They are counted from the newest day with predictions if that is before today, for a clock may be wrong.
    """
    days = served.days(to)
    if not days:
        return []
    newest = min(today.isoformat(), days[-1])
    oldest = (date.fromisoformat(newest) - timedelta(days=keep_days)).isoformat()
    gone = [day for day in days if day < oldest]
    with atomic_files.locked(to / LOCK):
        for day in gone:
            served.delete(to, day)
    return gone


def _closed(log: Path) -> Iterator[Path]:
    """Closed files, among them those that a killed server has left."""
    for lock in sorted(log.glob("*.lock")):
        current = lock.with_suffix(".jsonl")
        if current.is_file() and current.stat().st_size and (handle := held(lock)) is not None:
            put_aside(current)
            os.close(handle)
    yield from sorted(log.glob("*-*.jsonl"))


def _discard_unfinished(to: Path, files: Sequence[Path]) -> None:
    names = {file.stem for file in files}
    served.finish_deleting(to)
    for path in [*to.glob("day=*/version=*/*"), *to.glob(f"{UNREAD}/*")]:
        if path.name.startswith(".") or path.stem.rpartition("-")[0] in names:
            path.unlink()


def _move_file(file: Path, to: Path) -> tuple["Counter[Part]", int]:
    rows: Counter[Part] = Counter()
    unread: list[bytes] = []
    for number, chunk in enumerate(_chunks(file, unread)):
        for (day, version), houses in chunk.items():
            folder = to / f"day={day}" / f"version={version}"
            folder.mkdir(parents=True, exist_ok=True)
            atomic_files.replace(folder / f"{file.stem}-{number:03}.parquet", _parquet(houses))
            rows[day, version] += len(houses[HOUSE])
    if unread:
        (to / UNREAD).mkdir(exist_ok=True)
        atomic_files.replace(to / UNREAD / file.name, b"".join(unread))
    file.unlink()
    atomic_files.sync_folder(file.parent)
    return rows, len(unread)


Columns = defaultdict[str, list[Any]]
"""By name, a value for each house; HOUSE has its features."""
HOUSE = "house"


def _chunks(file: Path, unread: list[bytes]) -> Iterator[dict[Part, Columns]]:
    """The file's houses, some at a time, by day and version; adds to `unread` what is no request."""
    chunk: defaultdict[Part, Columns] = defaultdict(lambda: defaultdict(list))
    waiting = 0
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                waiting += _add(line, chunk)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                told = {"line": number, "reason": repr(error), "text": line.decode(errors="replace")}
                unread.append(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))
                continue
            if waiting >= CHUNK_ROWS:
                yield chunk
                chunk.clear()
                waiting = 0
    yield chunk


def _add(line: bytes, chunk: Mapping[Part, Columns]) -> int:
    """Add the houses of one request, all or none, and say how many they are."""
    entry = orjson.loads(line)
    if entry.get("record", 1) > RECORD:
        raise MonitoringError(
            f"a line of the prediction log has record {entry['record']}, allowed: up to {RECORD}. A newer "
            "server wrote it; use that release here too."
        )
    time, version = datetime.fromisoformat(entry["time"]), int(entry["version"])
    request, method, houses = str(entry["id"]), str(entry["method"]), entry["houses"]
    count = len(houses)
    each = {"price": entry["prices"], HOUSE: houses}
    for name, key in (("lower", "lower"), ("upper", "upper"), ("reference", "references")):
        each[name] = entry.get(key) or [None] * count
    each["valued"] = [day and date.fromisoformat(day) for day in entry.get("valued") or [None] * count]
    told = entry.get("warnings", {})
    each["warnings"] = [told.get(str(row), []) for row in range(count)] if told else [[]] * count
    if any(len(values) != count for values in each.values()):
        raise ValueError(f"{count} houses, and another number of prices")
    if not all(isinstance(house, dict) for house in houses):
        raise TypeError("a house that is no object")
    columns = chunk[time.astimezone(UTC).date().isoformat(), version]
    for name, same in (("time", time), ("request", request), ("method", method)):
        columns[name] += [same] * count
    columns["row"] += range(count)
    for name, values in each.items():
        columns[name] += values
    return count


def _parquet(columns: Columns) -> bytes:
    houses = columns[HOUSE]
    arrays = {name: pa.array(columns[name], kind) for name, kind in served.RECORD_COLUMNS.items()}
    for name in dict.fromkeys(itertools.chain.from_iterable(houses)):
        values = [house.get(name) for house in houses]
        is_text = any(isinstance(value, str) for value in values)
        arrays[f"{FEATURE}{name}"] = pa.array(values, pa.string() if is_text else pa.float64())
    content = io.BytesIO()
    pq.write_table(pa.table(arrays), content, compression="zstd")
    return content.getvalue()
