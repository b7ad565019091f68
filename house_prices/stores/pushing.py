"""Puts what servers need of a registry into object storage, from where `following` brings it to them.

    <market>/<version>/manifest.json, model.onnx     as they were published
    <market>/states/000000042.json                   champion and pins, by the first 42 lines of the audit log

Each object is written once, on the condition that it is not there, and never changed; a state comes after the
versions that it names. So a push that is killed leaves the former state, one that is late cannot undo a newer
one, and two registries that write to one place are told apart by the hashes of their logs.
"""

import hashlib
import json
import uuid
from dataclasses import asdict, dataclass
from typing import Any

from house_prices.errors import StoreError
from house_prices.registry import Champion, Registry, audit, reading
from house_prices.stores.objects import Objects

FILES = ("manifest.json", "model.onnx")
"""Of a version: what a server reads."""


@dataclass(frozen=True, kw_only=True)
class State:
    """What servers are to serve of a market."""

    log: str
    """Hash of the audit log's line that it stands for."""
    champion: dict[str, Any]
    pinned: list[int]
    files: dict[str, str]
    """sha256 by name, such as 3/model.onnx, of every version that they keep loaded."""

    @property
    def serves(self) -> Champion:
        """The champion."""
        return Champion.from_values(self.champion)

    @classmethod
    def from_json(cls, content: bytes) -> "State":
        """Raises ValueError or TypeError for what is no state."""
        kinds: dict[str, Any] = {"log": str, "champion": dict, "pinned": list, "files": dict}
        state = cls(**reading.typed(reading.parse(content), kinds))
        known = {state.serves.version, state.serves.previous or 0, *map(reading.number, state.pinned)}
        if unknown := [name for name in state.files if name not in _names(known)]:
            raise ValueError(f"{unknown[0]} is of no version that it names")
        return state


def _names(versions: set[int]) -> list[str]:
    return [f"{number}/{name}" for number in sorted(versions - {0}) for name in FILES]


def require_conditional_writes(bucket: Objects) -> None:
    """Raise StoreError if the storage writes over what it was asked not to."""
    probe = f".conditional-write-{uuid.uuid4().hex}"
    bucket.create(probe, b"first")
    overwritten = bucket.create(probe, b"second")
    bucket.delete(probe)
    if overwritten:
        raise StoreError(
            f"{bucket} does not keep to If-None-Match: it wrote over an object that was there, so that two "
            "registries could undo each other's champions. Use storage that has conditional writes."
        )


def newest(bucket: Objects, market: str) -> str | None:
    """The name of a market's newest state."""
    return max(bucket.names(f"{market}/states"), default=None)


def push(registry: Registry, market: str, bucket: Objects) -> bool:
    """Write the market's state and the versions it needs, if there is a newer one than the bucket's."""
    log = registry.root / market / audit.NAME
    hashes = audit.hashes(log)
    entries = audit.read(log)[: len(hashes)]  # a line may have come meanwhile
    champions = audit.champions(entries)
    if not champions:
        return False
    champion, pinned = champions[-1], list(audit.pinned(entries) or ())
    there = newest(bucket, market)
    if there:
        known = State.from_json(bucket.read(there))
        _require_same_log(bucket, market, there, known, hashes)
        if (known.champion, known.pinned) == (asdict(champion), pinned):
            return False
    numbers = {champion.version, champion.previous or 0, *pinned}
    files = {name: _push(registry, market, name, bucket) for name in _names(numbers)}
    state = State(log=hashes[-1], champion=asdict(champion), pinned=pinned, files=files)
    name = f"{market}/states/{len(hashes):09}.json"
    return bucket.create(name, json.dumps(asdict(state), indent=2).encode() + b"\n")


def _require_same_log(bucket: Objects, market: str, there: str, known: State, hashes: list[str]) -> None:
    line = int(there.rpartition("/")[2].removesuffix(".json"))
    if line > len(hashes) or hashes[line - 1] != known.log:
        raise StoreError(
            f"{bucket} has a state of {market} by line {line} of another audit log than this registry's, or "
            "of a newer one. Push from the registry that it came from, or to another place."
        )


def _push(registry: Registry, market: str, name: str, bucket: Objects) -> str:
    """Write a file of a version, unless it is there, and give its sha256."""
    number, _, file = name.partition("/")
    path = registry.check(market, int(number)).folder / file
    content = reading.content(path, registry.root, path.stat().st_size)
    place = f"{market}/{name}"
    if not bucket.create(place, content) and bucket.read(place) != content:
        raise StoreError(f"{bucket}/{place} is of another registry. Push to another place.")
    return hashlib.sha256(content).hexdigest()
