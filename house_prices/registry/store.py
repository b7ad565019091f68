"""The registry: published model versions and the champion, as plain files.

    <root>/<market>/<version>/model.onnx, manifest.json, trained_on.bin, report.html, profile.json,
                            in_life.json
    <root>/<market>/champion.json
    <root>/<market>/pinned.json
    <root>/<market>/audit.jsonl

A change is laid out beside what it changes, and synced. Then the audit log gets its line, and after that the
files are put in their place, each by one rename. So a crash at any instant leaves the old or the new, and the
next change finishes what the log says was done: see `unfinished`.
"""

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from house_prices.errors import (
    ContractError,
    ModelDamaged,
    PromotionRefused,
    RegistryError,
    RejectionRefused,
    VersionNotFound,
)
from house_prices.registry import atomic_files, audit, manifest, reading, shared_storage, unfinished
from house_prices.registry.manifest import Manifest
from house_prices.registry.records import (
    IN_LIFE,
    PROFILE,
    REPORT,
    Champion,
    DecisionRecord,
    Head,
    ModelVersion,
    Outcome,
    Rejection,
)
from house_prices.registry.unfinished import CHAMPION, PINNED

ATTACHMENTS = (REPORT, PROFILE, IN_LIFE)
"""Files that may be written beside a published model."""
MARKET = re.compile("[a-z][a-z0-9_]*")
NUMBER = re.compile("[1-9][0-9]{0,8}")


class Registry:
    """Model versions below one folder. Any number of processes may use it at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def markets(self) -> list[str]:
        """Markets with anything published, by name."""
        return sorted(p.name for p in self.root.glob("[a-z]*") if MARKET.fullmatch(p.name) and p.is_dir())

    def versions(self, market: str) -> list[int]:
        """Numbers of the published versions, oldest first."""
        claimed = [path for path in self._home(market).glob("[0-9]*") if NUMBER.fullmatch(path.name)]
        return sorted(int(path.name) for path in claimed if (path / "manifest.json").is_file())

    def version(self, market: str, number: int) -> ModelVersion:
        """A published version by its number; its model file is not read."""
        folder = self._home(market) / str(number)
        path = folder / "manifest.json"
        try:
            read = manifest.from_json(reading.content(path, self.root), where=str(path))
        except FileNotFoundError as error:
            known = ", ".join(map(str, self.versions(market))) or "none"
            message = f"{market} has no version {number}; published versions: {known}."
            raise VersionNotFound(message) from error
        except (ValueError, KeyError, TypeError, AttributeError, ContractError) as error:
            raise ModelDamaged(f"{path} cannot be read: {error}") from error
        return ModelVersion(market=market, number=number, folder=folder, manifest=read)

    def check(self, market: str, number: int) -> ModelVersion:
        """A version whose files are those that were published. Raises ModelDamaged if they are not."""
        version = self.version(market, number)
        version.check(audit.publications(self.history(market)).get(number, {}))
        return version

    def champion(self, market: str) -> Champion | None:
        """The champion, or None if no version has been promoted."""
        path = self._home(market) / CHAMPION
        try:
            return Champion.from_values(reading.parse(reading.content(path, self.root)))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise ModelDamaged(f"{path} cannot be read: {error}") from error

    def pinned(self, market: str) -> tuple[int, ...]:
        """Versions that servers keep loaded beside the champion, oldest first."""
        path = self._home(market) / PINNED
        if not os.path.lexists(path):
            path = path.with_name("kept.json")  # its name in the first release
        try:
            values = reading.typed(reading.parse(reading.content(path, self.root)), {"versions": list})
            return tuple(map(reading.number, values["versions"]))
        except FileNotFoundError:
            return ()
        except ValueError as error:
            raise ModelDamaged(f"{path} cannot be read: {error}") from error

    def pin(self, market: str, numbers: Iterable[int]) -> None:
        """Have servers keep these versions loaded, and no others beside the champion and its predecessor.

        Raises VersionNotFound, and PromotionRefused if a person has rejected one of them.
        """
        wanted = tuple(sorted({*numbers}))
        with self._changing(market, f"pin versions of {market}") as home:
            for number in wanted:
                self.version(market, number)
                self._refuse_rejected(market, number)
            audit.append(home / audit.NAME, "pin", {"versions": wanted})
            unfinished.write_pinned(home, wanted)

    def resolve(self, market: str, number: int | None = None) -> ModelVersion:
        """A version by number, or the champion's."""
        if number is not None:
            return self.version(market, number)
        champion = self.champion(market)
        if champion is None:
            raise VersionNotFound(f"{market} has no champion yet. Train it, or promote a version by hand.")
        return self.version(market, champion.version)

    def publish(
        self, market: str, model: bytes, described: Manifest, *, trained_on: bytes = b""
    ) -> ModelVersion:
        """Write a new version. Nothing of it is visible before all of it is on the disk.

        `trained_on` identifies the sales it was trained on, for comparison with later versions.
        """
        content = described.to_json()
        found = hashlib.sha256(model).hexdigest()
        if found != described.sha256:
            raise ModelDamaged(
                f"the model's sha256 is {found}, its manifest says {described.sha256}. Nothing was published."
            )
        with self._changing(market, f"publish a version of {market}", create=True) as home:
            number = self._next_number(home)
            staged = unfinished.publication(home, number)
            try:
                files = _lay_out(
                    staged, {"model.onnx": model, "manifest.json": content, "trained_on.bin": trained_on}
                )
                audit.append(home / audit.NAME, "publication", {"version": number, "files": files})
            except BaseException:
                if number not in audit.publications(self.history(market)):
                    shutil.rmtree(staged, ignore_errors=True)
                raise
            unfinished.put(staged, home / str(number))
        return self.version(market, number)

    def attach(self, market: str, number: int, name: str, content: bytes) -> Path:
        """Write a file beside a published model atomically, replacing an earlier one.

        Only ATTACHMENTS may change: the model and its manifest are as they were published.
        """
        if name not in ATTACHMENTS:
            raise RegistryError(
                f"{name!r} is not written beside a model; allowed: {', '.join(ATTACHMENTS)}. "
                "To change the model, publish a new version."
            )
        path = self.version(market, number).folder / name
        with self._changing(market, f"write {name} of {market} version {number}") as home:
            staged = unfinished.attachment(home, number, name)
            try:
                atomic_files.write(staged, content)
                facts = {"version": number, "name": name, "sha256": hashlib.sha256(content).hexdigest()}
                audit.append(home / audit.NAME, "attachment", facts)
            except OSError:
                staged.unlink(missing_ok=True)
                raise
            unfinished.put(staged, path)
        return path

    def attached(self, market: str, number: int, name: str) -> bytes:
        """A file beside a version. Raises ModelDamaged if it is not the one that the audit log knows."""
        path = self._home(market) / str(number) / name
        try:
            content = reading.content(path, self.root)
        except FileNotFoundError as error:
            raise VersionNotFound(f"{market} version {number} has no {name}.") from error
        if hashlib.sha256(content).hexdigest() != audit.attachments(self.history(market)).get((number, name)):
            raise ModelDamaged(f"{path} is not as it was written. `house-prices models verify` tells more.")
        return content

    def _next_number(self, home: Path) -> int:
        """One more than any version has, had by the log, or was meant to have."""
        taken = [int(path.name) for path in home.glob("[0-9]*") if NUMBER.fullmatch(path.name)]
        return max([0, *taken, *audit.publications(audit.read(home / audit.NAME))]) + 1

    def promote(
        self, market: str, number: int, *, sha256: str, by: str, reason: str, force: bool = False
    ) -> Champion:
        """Make a version the champion.

        Promoting the champion again changes nothing, unless an interrupted promotion left the log at odds
        with it: that is corrected.

        Raises PromotionRefused if the version's files do not have `sha256`, and, unless `force` overrules it,
        if a person has rejected the version.
        """
        with self._changing(market, f"promote {market} version {number}") as home:
            if not force:
                self._refuse_rejected(market, number)
                _refuse_changed_log(home, market)
            return self._promote("promotion", market, number, sha256=sha256, by=by, reason=reason)

    def rollback(self, market: str, *, by: str, reason: str) -> Champion:
        """Make the champion's predecessor the champion again."""
        with self._changing(market, f"roll back {market}"):
            champion = self.champion(market)
            if champion is None or champion.previous is None:
                raise VersionNotFound(f"{market} has no earlier champion to roll back to.")
            self._refuse_rejected(market, champion.previous)
            sha256 = self.version(market, champion.previous).manifest.sha256
            return self._promote("rollback", market, champion.previous, sha256=sha256, by=by, reason=reason)

    def reject(self, market: str, number: int, *, by: str, reason: str) -> None:
        """Decide that a version is not to serve. Raises RejectionRefused if it serves already."""
        with self._changing(market, f"reject {market} version {number}") as home:
            sha256 = self.version(market, number).manifest.sha256
            champion = self.champion(market)
            if champion and champion.version == number:
                raise RejectionRefused(
                    f"{market} version {number} is the champion. Roll back, or promote another, first."
                )
            if number in self.pinned(market):
                raise RejectionRefused(f"{market} version {number} is pinned on the servers. Unpin it first.")
            facts = {"version": number, "sha256": sha256, "by": by, "reason": reason}
            audit.append(home / audit.NAME, "rejection", facts)

    def rejection(self, market: str, number: int) -> Rejection | None:
        """A person's rejection of a version; None if there is none, or a promotion has overruled it."""
        return audit.rejection(self.history(market), number)

    def _refuse_rejected(self, market: str, number: int) -> None:
        if found := self.rejection(market, number):
            raise PromotionRefused(
                f"{market} version {number} was {found}. Only a forced promotion overrules that."
            )

    def _promote(
        self, event: str, market: str, number: int, *, sha256: str, by: str, reason: str
    ) -> Champion:
        version = self.version(market, number)
        if version.manifest.sha256 != sha256:
            raise PromotionRefused(
                f"{market} version {number} has sha256 {version.manifest.sha256}, "
                f"but {sha256} was judged. Evaluate the version again."
            )
        try:
            self.check(market, number)
        except ModelDamaged as error:
            raise PromotionRefused(str(error)) from error
        old, home = self.champion(market), self._home(market)
        previous = old.version if old else None
        if old and (old.version, old.sha256) == (number, sha256):
            if audit.champions(self.history(market))[-1:] == [old]:
                return old
            previous = old.previous
        facts: dict[str, object] = {"version": number, "sha256": sha256, "by": by, "reason": reason}
        entry = audit.append(home / audit.NAME, event, {**facts, "previous": previous})
        new = audit.champion(entry)
        assert new  # noqa: S101  # a promotion's entry tells a champion
        unfinished.write_champion(home, new)
        return new

    def record_decision(self, market: str, facts: Mapping[str, object]) -> None:
        """Append a decision of the gate to the market's audit log."""
        with self._changing(market, f"write the audit log of {market}") as home:
            audit.append(home / audit.NAME, audit.DECISION, facts)

    def accept(self, market: str, faults: Sequence[str], *, by: str, reason: str) -> None:
        """Log that a person has looked into these faults: `verify` tells them apart from new ones."""
        with self._changing(market, f"accept faults of {market}") as home:
            facts = {"faults": list(faults), "by": by, "reason": reason}
            audit.append(home / audit.NAME, "acceptance", facts)

    def decisions(self, market: str) -> dict[int, DecisionRecord]:
        """The gate's newest decision on each version that it has judged."""
        return audit.decisions(self.history(market))

    def require_decision(self, market: str, number: int, *, by_person: bool = True) -> None:
        """Raise PromotionRefused for a version that is promoted only by force.

        A version that needs review is a person's to decide; one that the gate rejected, has not seen, or
        compared with another champion than that of today, is not.
        """
        decision, champion = self.decisions(market).get(number), self.champion(market)
        allowed = (Outcome.PASS, Outcome.NEEDS_REVIEW) if by_person else (Outcome.PASS,)
        if decision is None or decision.outcome not in allowed:
            raise PromotionRefused(f"{market} version {number}: {decision or 'not judged'}")
        if decision.sha256 not in ("", self.version(market, number).manifest.sha256):
            raise PromotionRefused(f"{market} version {number} is not the model that the gate judged")
        if champion and champion.version not in (number, decision.champion):
            raise PromotionRefused(
                f"{market} version {number} was compared with {_named(decision.champion)}, and version "
                f"{champion.version} serves now: train and judge again"
            )

    def history(self, market: str) -> list[dict[str, Any]]:
        """The market's audit log, oldest first."""
        return audit.read(self._home(market) / audit.NAME)

    def head(self, market: str) -> Head | None:
        """The end of the market's audit log, to be kept elsewhere; None for an empty log."""
        hashes = audit.hashes(self._home(market) / audit.NAME)
        return Head(lines=len(hashes), hash=hashes[-1], kept="the log itself") if hashes else None

    def missing_heads(self, market: str, heads: Sequence[Head]) -> list[str]:
        """What heads that were kept elsewhere tell of the log, and nobody has accepted."""
        path = self._home(market) / audit.NAME
        accepted = audit.accepted(audit.read(path))
        return [fault for fault in audit.missing(path, heads) if fault not in accepted]

    def _home(self, market: str) -> Path:
        """A market's folder. Only what can be a market's name becomes part of a path."""
        if not MARKET.fullmatch(market):
            raise VersionNotFound(f"{market!r} is no market's name; there are {self.markets()}.")
        return self.root / market

    @contextmanager
    def _changing(self, market: str, what: str, *, create: bool = False) -> Iterator[Path]:
        """The market's folder, locked, with what an interrupted change left finished."""
        home = self._home(market)
        shared_storage.require_locks(self.root)
        with _disk_errors(what):
            if create and not home.is_dir():
                home.mkdir(parents=True, exist_ok=True)
                atomic_files.sync_folder(self.root)
            if not home.is_dir():
                raise VersionNotFound(f"{self.root} has no market {market!r}; there are {self.markets()}.")
            with atomic_files.locked(home / ".lock"):
                unfinished.finish(home)
                yield home


def _named(number: int | None) -> str:
    return f"version {number}" if number else "no champion"


def _lay_out(folder: Path, contents: Mapping[str, bytes]) -> dict[str, str]:
    """Write files to a new folder, and wait until the disk has them; gives the sha256 of each."""
    folder.mkdir()
    for name, content in contents.items():
        atomic_files.write(folder / name, content)
    atomic_files.sync_folder(folder)
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def _refuse_changed_log(home: Path, market: str) -> None:
    """Raise PromotionRefused if the log was changed and nobody accepted that: it may lack a rejection."""
    path = home / audit.NAME
    accepted = audit.accepted(audit.read(path))
    if found := [fault for fault in audit.faults(path) if fault not in accepted]:
        raise PromotionRefused(
            f"{market}: {found[0]}. Look into it with `house-prices models verify`, then accept it with "
            "`house-prices models accept`, or force the promotion."
        )


_ADVICE = {
    errno.ENOSPC: "Free some space and repeat.",
    errno.EDQUOT: "Free some space and repeat.",
    errno.EROFS: "The registry is mounted read-only here.",
    errno.ENOLCK: "This file system gives no locks: mount NFS with them.",
    errno.ENOTSUP: "This file system gives no locks: mount NFS with them.",
}


@contextmanager
def _disk_errors(what: str) -> Iterator[None]:
    """Say what a disk error interrupted, and what readers see."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "Repeat it.")
        raise RegistryError(
            f"cannot {what}: {error.strerror}. Readers see what was there before, or all of the new. {advice}"
        ) from error
