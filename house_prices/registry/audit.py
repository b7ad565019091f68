"""The audit log: one JSON object a line, each with the hash of the line before it.

What it says of a version is read from its entries, which the caller has read once.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias, cast

from house_prices.registry import atomic_files
from house_prices.registry.records import Champion, DecisionRecord, Outcome, Rejection

Entry: TypeAlias = Mapping[str, Any]

DECISION = "gate_decision"
FIRST_RELEASE = {"verdict": DECISION, "hold": Outcome.NEEDS_REVIEW}
"""Words of logs that the first release wrote, by what they are called now."""

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
    """Every whole line, oldest first. Lines that are not JSON are reported by `faults`."""
    return [entry for entry in _parse(path) if isinstance(entry, dict)]


def decisions(entries: Iterable[Entry]) -> dict[int, DecisionRecord]:
    """The gate's newest decision on each version it has judged."""
    return {entry["version"]: _decision(entry) for entry in entries if _event(entry) == DECISION}


def evaluations(entries: Iterable[Entry], holdout: str, sha256: str) -> int:
    """Different candidates judged on a holdout, the one with `sha256` included."""
    judged = {
        entry["sha256"] for entry in entries if _event(entry) == DECISION and entry.get("holdout") == holdout
    }
    return len(judged | {sha256})


def rejection(entries: Sequence[Entry], number: int) -> Rejection | None:
    """A person's rejection of a version, unless a later promotion has overruled it."""
    by_hand = ("promotion", "rollback", "rejection")
    last = next((e for e in reversed(entries) if e.get("version") == number and _event(e) in by_hand), {})
    if _event(last) != "rejection":
        return None
    return Rejection(by=str(last["by"]), reason=str(last["reason"]), at=str(last["at"]))


def last_promotion(entries: Sequence[Entry]) -> Entry:
    """The newest promotion or rollback; empty if there was none."""
    return next((e for e in reversed(entries) if _event(e) in ("promotion", "rollback")), {})


def is_logged(entries: Sequence[Entry], champion: Champion | None) -> bool:
    """Whether the champion is the one that was promoted last."""
    last = last_promotion(entries)
    expected = (champion.version, champion.promoted_at) if champion else (None, None)
    return (last.get("version"), last.get("at")) == expected


def _event(entry: Entry) -> object:
    event = entry.get("event")
    return FIRST_RELEASE.get(str(event), event)


def _decision(entry: Entry) -> DecisionRecord:
    written = entry.get("outcome") or ("pass" if entry["passed"] else "fail")
    return DecisionRecord(
        version=entry["version"],
        sha256=str(entry.get("sha256", "")),
        outcome=Outcome(FIRST_RELEASE.get(written, written)),
        reasons=tuple(entry["reasons"]),
        metrics=entry.get("metrics", {}),
        holdout=str(entry.get("holdout", "")),
        at=str(entry["at"]),
    )


def faults(path: Path) -> list[str]:
    """Signs that the log was changed after it was written; empty if there are none."""
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
        found.append(f"{path.name} ends in half a line: a write was cut off. The next one removes it.")
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
