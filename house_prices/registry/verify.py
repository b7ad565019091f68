"""Faults in a market's files: damage, changes by hand, and what a crash left behind."""

from collections.abc import Iterator
from pathlib import Path

from house_prices.errors import ModelDamaged, RegistryError
from house_prices.registry import audit
from house_prices.registry.store import Registry


def verify(registry: Registry, market: str) -> list[str]:
    """What is wrong with the market's files, a sentence each; empty if nothing is."""
    home = registry.root / market
    return [
        *_unfinished(home),
        *audit.faults(home / "audit.jsonl"),
        *_damaged(registry, market),
        *_of_champion(registry, market),
    ]


def _unfinished(home: Path) -> Iterator[str]:
    for path in sorted(home.glob(".publishing-*")):
        yield f"{path} is a publication that was interrupted, or is under way; nothing reads it."
    for path in sorted(home.glob(".champion.json.*")):
        yield f"{path} is a promotion that was interrupted, or is under way; nothing reads it."
    for path in sorted(home.glob("[0-9]*")):
        if path.name.isdecimal() and not (path / "manifest.json").is_file():
            yield f"{path} was claimed and never published; nothing reads it."


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
    entries = registry.history(market)
    if not audit.is_logged(entries, champion):
        yield (
            f"champion.json says {champion and champion.version}, the audit log's last promotion says "
            f"{audit.last_promotion(entries).get('version')}: a promotion was interrupted, or a file was "
            "changed by hand. Promote the version that should serve."
        )
    if champion and champion.version not in registry.versions(market):
        yield f"champion.json names version {champion.version}, which is not published."
