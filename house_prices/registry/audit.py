"""The audit log: one JSON object a line, each with the hash of the line before it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from house_prices.registry import atomic_files

START = "0" * 64
"""Stands for the line before the first."""


def append(path: Path, event: str, facts: Mapping[str, object]) -> dict[str, object]:
    """Add an event. The caller holds the market's lock."""
    entries = read(path)
    entry: dict[str, object] = {
        "event": event,
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        **facts,
        "previous_hash": str(entries[-1].get("hash")) if entries else START,
    }
    entry["hash"] = _hash(entry)
    atomic_files.append(path, _canonical(entry))
    return entry


def read(path: Path) -> list[dict[str, object]]:
    """Every whole line, oldest first. Lines that are not JSON are left to `faults`."""
    return [entry for entry in _parse(path) if isinstance(entry, dict)]


def faults(path: Path) -> list[str]:
    """What shows that the log was changed after it was written; empty where nothing does."""
    found = []
    previous = START
    for number, entry in enumerate(_parse(path), start=1):
        where = f"{path.name} line {number}"
        if not isinstance(entry, dict):
            found.append(f"{where} is not JSON: it was changed or cut after it was written")
            continue
        if entry.get("hash") != _hash(entry):
            found.append(f"{where} does not match its own hash: it was changed after it was written")
        if entry.get("previous_hash") != previous:
            found.append(f"{where} does not follow the line before it: a line was changed, added or removed")
        previous = str(entry.get("hash"))
    if _cut_off(path):
        found.append(f"{path.name} ends in half a line: a write was cut off. The next one takes it back.")
    return found


def _cut_off(path: Path) -> bool:
    content = path.read_bytes() if path.exists() else b""
    return bool(content) and not content.endswith(b"\n")


def _parse(path: Path) -> list[object]:
    if not path.exists():
        return []
    whole = path.read_bytes()
    lines = whole[: whole.rfind(b"\n") + 1].splitlines()
    return [_json(line) for line in lines]


def _json(line: bytes) -> object:
    try:
        return cast(object, json.loads(line))
    except ValueError:
        return line


def _canonical(entry: Mapping[str, object]) -> bytes:
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="surrogatepass")  # half a surrogate pair is a fault to tell, not a crash


def _hash(entry: Mapping[str, object]) -> str:
    rest = {key: value for key, value in entry.items() if key != "hash"}
    return hashlib.sha256(_canonical(rest)).hexdigest()
