"""Moves closed files of the prediction log to Parquet, each exactly once.

    <log>/<file>.jsonl                                      a line for each request
    <served>/day=2026-01-31/version=3/<file>-000.parquet    a row for each house
    <served>/unread/<file>.jsonl                            lines that are none, each with the reason

Everything that comes of a file bears its name, and the file is deleted last. A move that was killed, at
whatever step, is done again from the start: what it had written is deleted first.
"""

import io
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
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
            rows[day, version] += len(houses)
    if unread:
        (to / UNREAD).mkdir(exist_ok=True)
        atomic_files.replace(to / UNREAD / file.name, b"".join(unread))
    file.unlink()
    atomic_files.sync_folder(file.parent)
    return rows, len(unread)


def _chunks(file: Path, unread: list[bytes]) -> Iterator[dict[Part, list[dict[str, Any]]]]:
    """The file's houses, some at a time, by day and version; adds to `unread` what is no request."""
    chunk: defaultdict[Part, list[dict[str, Any]]] = defaultdict(list)
    waiting = 0
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                part, houses = _houses(line)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                told = {"line": number, "reason": repr(error), "text": line.decode(errors="replace")}
                unread.append(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))
                continue
            chunk[part] += houses
            waiting += len(houses)
            if waiting >= CHUNK_ROWS:
                yield chunk
                chunk.clear()
                waiting = 0
    yield chunk


def _houses(line: bytes) -> tuple[Part, list[dict[str, Any]]]:
    """A row for each house of one request."""
    entry = orjson.loads(line)
    if entry.get("record", 1) > RECORD:
        raise MonitoringError(
            f"a line of the prediction log has record {entry['record']}, allowed: up to {RECORD}. A newer "
            "server wrote it; use that release here too."
        )
    time, version, houses = datetime.fromisoformat(entry["time"]), int(entry["version"]), entry["houses"]
    count = len(houses)
    nothing = [None] * count
    warnings = entry.get("warnings", {})
    columns = [entry["prices"], entry.get("lower", nothing), entry.get("upper", nothing)]
    columns += [entry.get("references", nothing), entry.get("valued", nothing)]
    rows = [
        {
            "time": time,
            "request": entry["id"],
            "row": row,
            "method": entry["method"],
            "reference": reference,
            "valued": None if valued is None else date.fromisoformat(valued),
            "price": price,
            "lower": lower,
            "upper": upper,
            "warnings": warnings.get(str(row), []),
            "house": house,
        }
        for row, (house, price, lower, upper, reference, valued) in enumerate(
            zip(houses, *columns, strict=True)
        )
    ]
    return (time.date().isoformat(), version), rows


def _parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    columns = {
        name: pa.array([row[name] for row in rows], kind) for name, kind in served.RECORD_COLUMNS.items()
    }
    features = dict.fromkeys(name for row in rows for name in row["house"])
    for name in features:
        values = [row["house"].get(name) for row in rows]
        is_text = any(isinstance(value, str) for value in values)
        columns[f"{FEATURE}{name}"] = pa.array(values, pa.string() if is_text else pa.float64())
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content, compression="zstd")
    return content.getvalue()
