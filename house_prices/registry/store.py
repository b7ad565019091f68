"""The registry: published model versions and the champion, as plain files.

    <root>/<market>/<version>/model.onnx, manifest.json, trained_on.bin, report.html, in_life.json
    <root>/<market>/champion.json
    <root>/<market>/pinned.json
    <root>/<market>/audit.jsonl

A version is written in a hidden folder beside, synced, and renamed onto the empty folder that claimed
its number; the champion changes by `os.replace`. So a crash at any instant leaves the old or the new.
"""

import errno
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from house_prices.errors import (
    ContractError,
    ModelDamaged,
    PromotionRefused,
    RegistryError,
    RejectionRefused,
    VersionNotFound,
)
from house_prices.registry import atomic_files, audit, manifest
from house_prices.registry.manifest import Manifest
from house_prices.registry.records import (
    IN_LIFE,
    REPORT,
    Champion,
    DecisionRecord,
    ModelVersion,
    Outcome,
    Rejection,
)

PINNED = "pinned.json"
ATTACHMENTS = (REPORT, IN_LIFE)
"""Files that may be written beside a published model."""


class Registry:
    """Model versions below one folder. Any number of processes may use it at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def markets(self) -> list[str]:
        """Markets with anything published, by name."""
        return sorted(path.name for path in self.root.glob("[a-z]*") if path.is_dir())

    def versions(self, market: str) -> list[int]:
        """Numbers of the published versions, oldest first."""
        claimed = [path for path in (self.root / market).glob("[0-9]*") if path.name.isdecimal()]
        return sorted(int(path.name) for path in claimed if (path / "manifest.json").is_file())

    def version(self, market: str, number: int) -> ModelVersion:
        """A published version by its number; its model file is not read."""
        folder = self.root / market / str(number)
        path = folder / "manifest.json"
        try:
            read = manifest.from_json(path.read_bytes(), where=str(path))
        except FileNotFoundError as error:
            known = ", ".join(map(str, self.versions(market))) or "none"
            message = f"{market} has no version {number}; published versions: {known}."
            raise VersionNotFound(message) from error
        except (ValueError, KeyError, TypeError, AttributeError, ContractError) as error:
            raise ModelDamaged(f"{path} cannot be read: {error}") from error
        return ModelVersion(market=market, number=number, folder=folder, manifest=read)

    def champion(self, market: str) -> Champion | None:
        """The champion, or None if no version has been promoted."""
        path = self.root / market / "champion.json"
        try:
            return Champion(**json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise ModelDamaged(f"{path} cannot be read: {error}") from error

    def pinned(self, market: str) -> tuple[int, ...]:
        """Versions that servers keep loaded beside the champion, oldest first."""
        path = self.root / market / PINNED
        if not path.exists():
            path = path.with_name("kept.json")  # its name in the first release
        try:
            return tuple(int(number) for number in json.loads(path.read_bytes())["versions"])
        except FileNotFoundError:
            return ()
        except (ValueError, TypeError, KeyError) as error:
            raise ModelDamaged(f"{path} cannot be read: {error}") from error

    def pin(self, market: str, numbers: Iterable[int]) -> None:
        """Have servers keep these versions loaded, and no others beside the champion and its predecessor.

        Raises VersionNotFound, and PromotionRefused if a person has rejected one of them.
        """
        wanted = sorted({*numbers})
        with self._locked(market, f"pin versions of {market}"):
            for number in wanted:
                self.version(market, number)
                self._refuse_rejected(market, number)
            content = json.dumps({"versions": wanted}) + "\n"
            atomic_files.replace(self.root / market / PINNED, content.encode())

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
        with _disk_errors(f"publish a version of {market}"):
            number = self._write(self._home(market), model, content, trained_on)
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
        with _disk_errors(f"write {name} of {market} version {number}"):
            atomic_files.replace(path, content)
        return path

    def _home(self, market: str) -> Path:
        home = self.root / market
        if not home.is_dir():
            home.mkdir(parents=True, exist_ok=True)
            atomic_files.sync_folder(self.root)
        return home

    def _write(self, home: Path, model: bytes, described: bytes, trained_on: bytes) -> int:
        beside = home / f".publishing-{uuid.uuid4().hex}"
        claimed = beside
        try:
            beside.mkdir()
            atomic_files.write(beside / "model.onnx", model)
            atomic_files.write(beside / "manifest.json", described)
            atomic_files.write(beside / "trained_on.bin", trained_on)
            atomic_files.sync_folder(beside)
            claimed = self._claim(home)
            os.rename(beside, claimed)
            atomic_files.sync_folder(home)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            with suppress(OSError):  # a version that is there already is not empty, and stays
                claimed.rmdir()
            raise
        return int(claimed.name)

    def _claim(self, home: Path) -> Path:
        """Take the next free number: `mkdir` lets only one publisher have it."""
        taken = [int(path.name) for path in home.glob("[0-9]*") if path.name.isdecimal()]
        number = max(taken, default=0) + 1
        while True:
            try:
                (home / str(number)).mkdir()
            except FileExistsError:
                number += 1
            else:
                return home / str(number)

    def promote(
        self, market: str, number: int, *, sha256: str, by: str, reason: str, force: bool = False
    ) -> Champion:
        """Make a version the champion.

        Promoting the champion again changes nothing, unless an interrupted promotion left the log at odds
        with it: that is corrected.

        Raises PromotionRefused if the version's files do not have `sha256`, and, unless `force` overrules it,
        if a person has rejected the version.
        """
        with self._locked(market, f"promote {market} version {number}"):
            if not force:
                self._refuse_rejected(market, number)
            return self._promote("promotion", market, number, sha256=sha256, by=by, reason=reason)

    def rollback(self, market: str, *, by: str, reason: str) -> Champion:
        """Make the champion's predecessor the champion again."""
        with self._locked(market, f"roll back {market}"):
            champion = self.champion(market)
            if champion is None or champion.previous is None:
                raise VersionNotFound(f"{market} has no earlier champion to roll back to.")
            self._refuse_rejected(market, champion.previous)
            sha256 = self.version(market, champion.previous).manifest.sha256
            return self._promote("rollback", market, champion.previous, sha256=sha256, by=by, reason=reason)

    def reject(self, market: str, number: int, *, by: str, reason: str) -> None:
        """Decide that a version is not to serve. Raises RejectionRefused if it serves already."""
        with self._locked(market, f"reject {market} version {number}"):
            sha256 = self.version(market, number).manifest.sha256
            champion = self.champion(market)
            if champion and champion.version == number:
                raise RejectionRefused(
                    f"{market} version {number} is the champion. Roll back, or promote another, first."
                )
            if number in self.pinned(market):
                raise RejectionRefused(f"{market} version {number} is pinned on the servers. Unpin it first.")
            facts = {"version": number, "sha256": sha256, "by": by, "reason": reason}
            audit.append(self.root / market / "audit.jsonl", "rejection", facts)

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
            version.check()
        except ModelDamaged as error:
            raise PromotionRefused(str(error)) from error
        old = self.champion(market)
        previous = old.version if old else None
        if old and (old.version, old.sha256) == (number, sha256):
            if audit.is_logged(self.history(market), old):
                return old
            previous = old.previous
        facts: dict[str, object] = {"version": number, "sha256": sha256, "by": by, "reason": reason}
        home = self.root / market
        entry = audit.append(home / "audit.jsonl", event, {**facts, "previous": previous})
        new = Champion(
            version=number,
            sha256=sha256,
            promoted_at=str(entry["at"]),
            by=by,
            reason=reason,
            previous=previous,
        )
        content = json.dumps(asdict(new), indent=2, ensure_ascii=False) + "\n"
        atomic_files.replace(home / "champion.json", content.encode())
        return new

    def record_decision(self, market: str, facts: Mapping[str, object]) -> None:
        """Append a decision of the gate to the market's audit log."""
        with self._locked(market, f"write the audit log of {market}"):
            audit.append(self.root / market / "audit.jsonl", audit.DECISION, facts)

    def decisions(self, market: str) -> dict[int, DecisionRecord]:
        """The gate's newest decision on each version that it has judged."""
        return audit.decisions(self.history(market))

    def require_decision(self, market: str, number: int) -> None:
        """Raise PromotionRefused for a version that a person promotes only by force.

        A version that needs review is theirs to decide; one that the gate rejected, or has not seen, is not.
        """
        decision = self.decisions(market).get(number)
        if decision is None or decision.outcome is Outcome.FAIL:
            raise PromotionRefused(f"{market} version {number}: {decision or 'not judged'}")

    def history(self, market: str) -> list[dict[str, object]]:
        """The market's audit log, oldest first."""
        return audit.read(self.root / market / "audit.jsonl")

    @contextmanager
    def _locked(self, market: str, what: str) -> Iterator[None]:
        home = self.root / market
        if not home.is_dir():
            raise VersionNotFound(f"{self.root} has no market {market!r}; there are {self.markets()}.")
        with _disk_errors(what), atomic_files.locked(home / ".lock"):
            yield


@contextmanager
def _disk_errors(what: str) -> Iterator[None]:
    """Say what a disk error interrupted, and what readers see."""
    try:
        yield
    except OSError as error:
        advice = "Free some space and repeat." if error.errno == errno.ENOSPC else "Repeat it."
        raise RegistryError(
            f"cannot {what}: {error.strerror}. Readers see what was there before, or all of the new. {advice}"
        ) from error
