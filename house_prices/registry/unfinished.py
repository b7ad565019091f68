"""What a crash left of a change: the log has its line, and the files are not yet what the line says.

Every change of a market is made under its lock, and finishes the one before it first. So only the log's last
line may be unfinished, and whatever was laid out for a change without a line is removed.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from house_prices.errors import ModelDamaged
from house_prices.registry import atomic_files, audit, reading
from house_prices.registry.records import Champion

PINNED = "pinned.json"
CHAMPION = "champion.json"
_STRAYS = (".publishing-*", ".attaching-*", f".{CHAMPION}.*", f".{PINNED}.*")


def publication(home: Path, number: int) -> Path:
    """The folder in which a version is laid out before it is published."""
    return home / f".publishing-{number}"


def attachment(home: Path, number: int, name: str) -> Path:
    """Where a file is laid out before it is put beside a version."""
    return home / f".attaching-{number}-{name}"


def put(staged: Path, final: Path) -> None:
    """Move what was laid out to its place."""
    os.replace(staged, final)
    atomic_files.sync_folder(final.parent)


def write_champion(home: Path, champion: Champion) -> None:
    """Make champion.json say what the log's last promotion says."""
    content = json.dumps(asdict(champion), indent=2, ensure_ascii=False) + "\n"
    atomic_files.replace(home / CHAMPION, content.encode())


def write_pinned(home: Path, numbers: tuple[int, ...]) -> None:
    """Make pinned.json say what the log's last line on pins says."""
    content = json.dumps({"versions": numbers}) + "\n"
    atomic_files.replace(home / PINNED, content.encode())


def finish(home: Path) -> None:
    """Make true what the log's last line says, remove what no line speaks of. The caller holds the lock."""
    if audit.is_cut_off(home / audit.NAME):
        atomic_files.remove_half_line(home / audit.NAME)
    entries = audit.read(home / audit.NAME)
    last = entries[-1] if entries else {}
    if staged := _staged(home, last):
        put(*staged)
    if champion := interrupted_promotion(home, entries):
        write_champion(home, champion)
    if last.get("event") == "pin":
        write_pinned(home, tuple(last["versions"]))
    for path in strays(home):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def faults(home: Path) -> Iterator[str]:
    """What the next change will finish or remove, a sentence each."""
    entries = audit.read(home / audit.NAME)
    staged = _staged(home, entries[-1] if entries else {})
    if staged:
        yield f"{staged[0]} is not yet {staged[1].name}: a change was interrupted. The next one finishes it."
    if champion := interrupted_promotion(home, entries):
        yield (
            f"champion.json does not say {champion.version} yet, as the audit log does: a promotion was "
            "interrupted. The next change finishes it; promote the version that should serve."
        )
    for path in strays(home):
        if not staged or path != staged[0]:
            yield f"{path} was left by an interrupted change; nothing reads it, and the next one removes it."
    for path in sorted(home.glob("[0-9]*")):
        if path.name.isdecimal() and path.is_dir() and not any(path.iterdir()):
            yield f"{path} was claimed and never published; nothing reads it."


def strays(home: Path) -> list[Path]:
    """What was laid out, or written beside a file to replace it."""
    return sorted(path for pattern in _STRAYS for path in home.glob(pattern))


def _staged(home: Path, last: audit.Entry) -> tuple[Path, Path] | None:
    """What the log's last line says is there, and is not: where it lies, and its place."""
    if last.get("event") == "publication":
        staged, final = publication(home, last["version"]), home / str(last["version"])
        return (staged, final) if staged.is_dir() and not (final / "manifest.json").exists() else None
    if last.get("event") == "attachment":
        staged = attachment(home, last["version"], last["name"])
        final = home / str(last["version"]) / last["name"]
        return (staged, final) if _is(staged, home.parent, last["sha256"]) else None
    return None


def _is(path: Path, root: Path, sha256: str) -> bool:
    """Whether a file is the one of a line: what is laid out later has its name, and no line yet."""
    try:
        return reading.sha256(path, root) == sha256
    except (FileNotFoundError, ModelDamaged):
        return False


def interrupted_promotion(home: Path, entries: Sequence[audit.Entry]) -> Champion | None:
    """The champion by the log, if champion.json is still that of an earlier line."""
    known = audit.champions(entries)
    if not known or not audit.champion(entries[-1]):
        return None
    try:
        found = Champion.from_values(reading.parse(reading.content(home / CHAMPION, home.parent)))
    except FileNotFoundError:
        return known[-1] if len(known) == 1 else None
    except Exception:  # noqa: BLE001  # a damaged file is for `verify` to tell, and for a person to look into
        return None
    return known[-1] if found != known[-1] and found in known else None
