"""What is wrong with a market's files: damage, changes by hand, and what a crash left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from house_prices.errors import ModelDamaged, RegistryError
from house_prices.registry import audit
from house_prices.registry.records import Rejection

if TYPE_CHECKING:
    from house_prices.registry.records import Champion
    from house_prices.registry.store import Registry


def faults(registry: Registry, market: str) -> list[str]:
    """A sentence a fault; empty where all is well."""
    home = registry.root / market
    return [
        *_unfinished(home),
        *audit.faults(home / "audit.jsonl"),
        *_damaged(registry, market),
        *_of_champion(registry, market),
    ]


def is_logged(registry: Registry, market: str, champion: Champion | None) -> bool:
    """Whether the champion is the one that the audit log promoted last."""
    last = _last(registry, market)
    expected = (champion.version, champion.promoted_at) if champion else (None, None)
    return (last.get("version"), last.get("at")) == expected


def rejection(registry: Registry, market: str, number: int) -> Rejection | None:
    """The rejection of a version, unless a later promotion has overruled it."""
    decisions = ("promotion", "rollback", "rejection")
    history = [entry for entry in registry.history(market) if entry.get("version") == number]
    last = next((entry for entry in reversed(history) if entry.get("event") in decisions), {})
    if last.get("event") != "rejection":
        return None
    return Rejection(by=str(last["by"]), reason=str(last["reason"]), at=str(last["at"]))


def _last(registry: Registry, market: str) -> dict[str, object]:
    history = registry.history(market)
    promotions = [entry for entry in history if entry.get("event") in ("promotion", "rollback")]
    return promotions[-1] if promotions else {}


def _unfinished(home: Path) -> Iterator[str]:
    for path in sorted(home.glob(".publishing-*")):
        yield f"{path} is a publication that was interrupted, or is under way; no one reads it."
    for path in sorted(home.glob(".champion.json.*")):
        yield f"{path} is a promotion that was interrupted, or is under way; no one reads it."
    for path in sorted(home.glob("[0-9]*")):
        if path.name.isdecimal() and not (path / "manifest.json").is_file():
            yield f"{path} was claimed and never published; no one reads it."


def _damaged(registry: Registry, market: str) -> Iterator[str]:
    for number in registry.versions(market):
        try:
            registry.version(market, number).check()
        except RegistryError as error:
            yield str(error)


def _of_champion(registry: Registry, market: str) -> Iterator[str]:
    try:
        champion = registry.champion(market)
    except ModelDamaged as error:
        yield str(error)
        return
    if not is_logged(registry, market, champion):
        yield (
            f"champion.json says {champion and champion.version}, the audit log's last promotion says "
            f"{_last(registry, market).get('version')}: a promotion was interrupted, or a file was changed "
            "by hand. Promote the version that is meant."
        )
    if champion and champion.version not in registry.versions(market):
        yield f"champion.json names version {champion.version}, which is not published."
