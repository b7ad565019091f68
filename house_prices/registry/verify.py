"""Faults in a market's files: damage, changes by hand, and what a crash left behind.

What an audit log cannot tell by itself, such as lines removed from its end or a log written anew, is told by
comparing it with the heads that were kept elsewhere: see `Head`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from house_prices.errors import ModelDamaged, RegistryError
from house_prices.registry import atomic_files, audit, reading, unfinished
from house_prices.registry.records import Head
from house_prices.registry.store import ATTACHMENTS, Registry


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What is known of a market's files."""

    faults: tuple[str, ...]
    """What is wrong, a sentence each."""
    accepted: tuple[str, ...]
    """What was wrong, and a person has looked into."""
    unproven: tuple[str, ...]
    """What cannot be told from these files, a sentence each."""


def verify(registry: Registry, market: str, heads: Sequence[Head] = ()) -> list[str]:
    """What is wrong with the market's files, a sentence each; empty if nothing is."""
    return [*examine(registry, market, heads).faults]


def examine(registry: Registry, market: str, heads: Sequence[Head] = ()) -> Verification:
    """Check a market's files against its audit log, and the log against heads that were kept elsewhere."""
    home = registry.root / market
    with atomic_files.locked_for_reading(home / ".lock"):
        found = [fault.replace(f"{registry.root}/", "") for fault in _faults(registry, market, heads)]
        try:
            entries = registry.history(market)
        except (ModelDamaged, OSError) as error:  # then there is nothing to compare the files with
            return Verification(faults=(str(error),), accepted=(), unproven=())
    accepted = audit.accepted(entries)
    return Verification(
        faults=tuple(fault for fault in found if fault not in accepted),
        accepted=tuple(
            f"{fault} Accepted by {accepted[fault]['by']}: {accepted[fault]['reason']}"
            for fault in found
            if fault in accepted
        ),
        unproven=tuple(_unproven(registry, market, entries, heads)),
    )


def _faults(registry: Registry, market: str, heads: Sequence[Head]) -> Iterator[str]:
    home = registry.root / market
    try:
        yield from audit.faults(home / audit.NAME)
        if audit.is_cut_off(home / audit.NAME):
            yield f"{audit.NAME} ends in half a line: a write was cut off. The next one removes it."
        yield from audit.missing(home / audit.NAME, heads)
        yield from unfinished.faults(home)
        yield from _of_versions(registry, market)
        yield from _of_champion(registry, market)
        yield from _of_pins(registry, market)
    except (ModelDamaged, OSError) as error:
        yield str(error)


def _of_versions(registry: Registry, market: str) -> Iterator[str]:
    entries = registry.history(market)
    published, attached = audit.publications(entries), audit.attachments(entries)
    there = registry.versions(market)
    for number in there:
        try:
            registry.check(market, number)
        except RegistryError as error:
            yield str(error)
        if number in published:
            yield from _of_folder(registry.root, market, number, published[number], attached)
        elif published and number > min(published):
            yield f"{market}/{number} was not published: the audit log knows nothing of it."
    for number in sorted({*published} - {*there}):
        if not unfinished.publication(registry.root / market, number).is_dir():
            yield f"{market}/{number} was published, and is gone."


def _of_folder(
    root: Path, market: str, number: int, files: audit.Entry, attached: dict[tuple[int, str], str]
) -> Iterator[str]:
    """Files beside a published version that are not as the log says."""
    folder = root / market / str(number)
    for name in ATTACHMENTS:
        path, expected = folder / name, attached.get((number, name))
        try:
            found = reading.sha256(path, root)
        except FileNotFoundError:
            found = None
        except (OSError, ModelDamaged) as error:
            yield str(error)
            continue
        if found != expected and not unfinished.attachment(root / market, number, name).is_file():
            yield f"{path}: sha256 is {found or 'no file'}, the audit log says {expected or 'nothing of it'}."
    for path in sorted(folder.iterdir()):
        if path.name not in files and path.name not in ATTACHMENTS:
            yield f"{path} is no file of a version, and was not there when it was published."


def _of_champion(registry: Registry, market: str) -> Iterator[str]:
    try:
        champion = registry.champion(market)
    except ModelDamaged as error:
        yield str(error)
        return
    home = registry.root / market
    known = audit.champions(registry.history(market))
    logged = known[-1] if known else None
    if champion != logged and not unfinished.interrupted_promotion(home, registry.history(market)):
        yield (
            f"champion.json says {champion and champion.version}, the audit log's last promotion says "
            f"{logged and logged.version}{_differences(champion, logged)}: a file was changed or removed by "
            "hand. Promote the version that should serve."
        )
    if champion and champion.version not in registry.versions(market):
        yield f"champion.json names version {champion.version}, which is not published."


def _differences(champion: object, logged: object) -> str:
    """What differs, if the version does not."""
    if not champion or not logged:
        return ""
    differing = [name for name, value in vars(champion).items() if vars(logged)[name] != value]
    return f", and they differ in {', '.join(differing)}"


def _of_pins(registry: Registry, market: str) -> Iterator[str]:
    logged = audit.pinned(registry.history(market))
    if logged is None:
        return
    found = registry.pinned(market)
    if found != logged:
        yield (
            f"pinned.json says {list(found)}, the audit log says {list(logged)}: it was changed by hand, or "
            "a change was interrupted. Pin the versions that servers should keep."
        )


def _unproven(
    registry: Registry, market: str, entries: Sequence[audit.Entry], heads: Sequence[Head]
) -> Iterator[str]:
    old = [number for number in registry.versions(market) if number not in audit.publications(entries)]
    if old:
        yield (
            f"versions {', '.join(map(str, old))}: their manifests, training rows and cards. They were "
            "published before the audit log had hashes of these; model.onnx is compared with the manifest."
        )
    if not heads:
        yield (
            "that no line was removed from the log's end, and that it was not written anew as a whole: no "
            "head of it was kept elsewhere."
        )
    else:
        newest = max(heads, key=lambda head: head.lines)
        later = len(audit.hashes(registry.root / market / audit.NAME)) - newest.lines
        if later > 0:
            yield f"the last {later} lines of the log: the newest head kept is of line {newest.lines}."
