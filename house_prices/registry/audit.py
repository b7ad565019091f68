"""The audit log: one JSON object a line, each with the hash of the line before it.

A line is written before the files that it speaks of change, and says what they become. What the log says of a
version is read from its entries, which the caller has read once.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from house_prices.registry import atomic_files, reading
from house_prices.registry.records import Champion, DecisionRecord, Head, Outcome, Rejection

Entry: TypeAlias = Mapping[str, Any]

DECISION = "gate_decision"
FIRST_RELEASE = {"verdict": DECISION, "hold": Outcome.NEEDS_REVIEW}
"""Words of logs that the first release wrote, by what they are called now."""

START = "0" * 64
"""Stands for the line before the first."""

NAME = "audit.jsonl"
LARGEST = 1 << 30
"""Bytes of a log: a million decisions."""
PERSON = {"by": str, "reason": str, "at": str}
FIELDS: Mapping[str, dict[str, type | tuple[type, ...]]] = {
    "publication": {"version": int, "files": dict},
    "attachment": {"version": int, "name": str, "sha256": str},
    DECISION: {
        "version": int,
        "champion": (int, type(None)),
        "reasons": list,
        "metrics": (dict, type(None)),
        "at": str,
    },
    "promotion": {"version": int, "sha256": str, "previous": (int, type(None)), **PERSON},
    "rollback": {"version": int, "sha256": str, "previous": (int, type(None)), **PERSON},
    "rejection": {"version": int, **PERSON},
    "pin": {"versions": list},
    "acceptance": {"faults": list, **PERSON},
}
"""What the lines of each event hold, besides facts that nobody reads."""


def append(path: Path, event: str, facts: Mapping[str, object]) -> dict[str, object]:
    """Add an event. The caller holds the market's lock."""
    entries = [entry for entry in _parse(path) if isinstance(entry, dict)]
    entry: dict[str, object] = {
        "event": event,
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        **facts,
        "previous_hash": str(entries[-1].get("hash")) if entries else START,
    }
    entry["hash"] = _hash(entry)
    line = _canonical(entry)
    if fault := _wrong(reading.parse(line, nan=True)):
        raise ValueError(f"a line of the audit log that could not be read again: {fault}")
    atomic_files.append(path, line)
    return entry


def read(path: Path) -> list[dict[str, Any]]:
    """Every line that holds what its event should, oldest first. The others are reported by `faults`."""
    return [entry for entry in _parse(path) if isinstance(entry, dict) and not _wrong(entry)]


def hashes(path: Path) -> list[str]:
    """The hash of each line: the last is the head of the chain, which stands for the whole log."""
    return [str(entry.get("hash")) if isinstance(entry, dict) else "" for entry in _parse(path)]


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


def publications(entries: Iterable[Entry]) -> dict[int, Mapping[str, str]]:
    """The sha256 of each file of a version when it was published; of those whose publication was logged."""
    return {entry["version"]: entry["files"] for entry in entries if _event(entry) == "publication"}


def attachments(entries: Iterable[Entry]) -> dict[tuple[int, str], str]:
    """The sha256 of each file written beside a version later, as it was last written."""
    return {(e["version"], e["name"]): e["sha256"] for e in entries if _event(e) == "attachment"}


def pinned(entries: Iterable[Entry]) -> tuple[int, ...] | None:
    """The versions that were pinned last; None if the log does not tell."""
    return next((tuple(e["versions"]) for e in reversed([*entries]) if _event(e) == "pin"), None)


def accepted(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Faults that a person has looked into and accepted, by their sentence."""
    return {str(fault): e for e in entries if _event(e) == "acceptance" for fault in e["faults"]}


def champion(entry: Entry) -> Champion | None:
    """The champion that a promotion or rollback made; None for any other entry."""
    if _event(entry) not in ("promotion", "rollback"):
        return None
    return Champion(
        version=entry["version"],
        sha256=entry["sha256"],
        promoted_at=entry["at"],
        by=entry["by"],
        reason=entry["reason"],
        previous=entry["previous"],
    )


def champions(entries: Iterable[Entry]) -> list[Champion]:
    """Every champion there was, the newest last."""
    return [found for entry in entries if (found := champion(entry))]


def _event(entry: Entry) -> object:
    event = entry.get("event")
    return FIRST_RELEASE.get(str(event), event)


def _decision(entry: Entry) -> DecisionRecord:
    written = entry.get("outcome") or ("pass" if entry["passed"] else "fail")
    return DecisionRecord(
        version=entry["version"],
        sha256=str(entry.get("sha256", "")),
        outcome=Outcome(FIRST_RELEASE.get(written, written)),
        reasons=tuple(map(str, entry["reasons"])),
        metrics={str(name): float(value) for name, value in (entry.get("metrics") or {}).items()},
        champion=entry.get("champion"),
        holdout=str(entry.get("holdout", "")),
        at=str(entry["at"]),
    )


def faults(path: Path) -> list[str]:
    """Signs that the log was changed after it was written; empty if there are none."""
    found = []
    previous, published = START, set[int]()
    for number, entry in enumerate(_parse(path), start=1):
        where = f"{path.name} line {number}"
        if not isinstance(entry, dict):
            found.append(f"{where} is not JSON: it was changed or cut after it was written")
            continue
        if entry.get("hash") != _hash(entry):
            found.append(f"{where} does not match its own hash: it was changed after it was written")
        if entry.get("previous_hash") != previous:
            found.append(f"{where} does not follow the line before it: a line was changed, added or removed")
        if wrong := _wrong(entry):
            found.append(f"{where} is not used: {wrong}")
        elif _event(entry) == "publication":
            if entry["version"] in published:
                found.append(f"{where} publishes version {entry['version']}, which was published before")
            published.add(entry["version"])
        previous = str(entry.get("hash"))
    return found


def missing(path: Path, heads: Sequence[Head]) -> list[str]:
    """The newest head that was kept elsewhere and is not in the log, with a count of the others."""
    there = hashes(path)
    lacking = [head for head in heads if head.hash not in there[head.lines - 1 : head.lines]]
    if not lacking:
        return []
    newest, others = lacking[-1], f" It lacks {len(lacking) - 1} earlier ones too." if lacking[1:] else ""
    return [
        f"{path.name} lacks the line {newest.lines} that {newest.kept} tells, {newest.hash[:12]}...: "
        f"lines were removed from its end, or it was written anew.{others}"
    ]


def is_cut_off(path: Path) -> bool:
    """Whether the log ends in half a line: a write that a crash cut off, and the next one removes."""
    content = _content(path)
    return bool(content) and not content.endswith(b"\n")


def _wrong(entry: Entry) -> str:
    """What an entry lacks of its event; empty if nothing."""
    event = _event(entry)
    if not isinstance(event, str) or event not in FIELDS:
        return f"no event is called {str(event)[:40]!r}"
    try:
        reading.typed(entry, FIELDS[event])
        for version in entry["versions"] if event == "pin" else [entry.get("version", 1)]:
            reading.number(version)
        if event == DECISION:
            _decision(entry)
    except (ValueError, TypeError, KeyError) as error:
        return f"{event}: {error}"
    return ""


def _content(path: Path) -> bytes:
    try:
        return reading.content(path, path.parent.parent, LARGEST)
    except FileNotFoundError:
        return b""


def _parse(path: Path) -> list[object]:
    whole = _content(path)
    lines = whole[: whole.rfind(b"\n") + 1].split(b"\n")[:-1]
    return [_json(line) for line in lines]


def _json(line: bytes) -> object:
    try:
        return reading.parse(line, nan=True)
    except ValueError:
        return line


def _canonical(entry: Mapping[str, object]) -> bytes:
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="surrogatepass")  # half a surrogate pair is a fault to tell, not a crash


def _hash(entry: Mapping[str, object]) -> str:
    rest = {key: value for key, value in entry.items() if key != "hash"}
    return hashlib.sha256(_canonical(rest)).hexdigest()
