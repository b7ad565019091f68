"""The registry: published model versions and the champion, as plain files.

    <root>/<market>/<version>/model.onnx, manifest.json, ...
    <root>/<market>/champion.json
    <root>/<market>/audit.jsonl

A version is written in a hidden folder beside, synced, and renamed onto the empty folder that claimed
its number; the champion changes by `os.replace`. So a crash at any instant leaves the old or the new.
"""

import errno
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from house_prices.errors import (
    ContractError,
    ModelDamaged,
    PromotionRefused,
    RegistryError,
    VersionNotFound,
)
from house_prices.registry import audit, files, manifest
from house_prices.registry.manifest import Manifest


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """A published version as it lies on the disk."""

    market: str
    number: int
    folder: Path
    manifest: Manifest

    @property
    def model(self) -> Path:
        """The ONNX file."""
        return self.folder / "model.onnx"

    def check(self) -> None:
        """Raise ModelDamaged unless the model's bytes are those that were published."""
        found = files.sha256(self.model) if self.model.is_file() else "no file"
        if found != self.manifest.sha256:
            raise ModelDamaged(
                f"{self.model}: sha256 is {found}, the manifest says {self.manifest.sha256}. "
                "Publish the model again, or put back the file that was published."
            )


@dataclass(frozen=True, kw_only=True)
class Champion:
    """The version that serves."""

    version: int
    sha256: str
    promoted_at: str
    """ISO 8601, UTC."""
    by: str
    """Who promoted it: a sensor's name or a person's."""
    reason: str
    previous: int | None
    """The champion before this one: where a rollback goes."""


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
        """The champion, or None where no version has been promoted."""
        path = self.root / market / "champion.json"
        try:
            return Champion(**json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise ModelDamaged(f"{path} cannot be read: {error}") from error

    def resolve(self, market: str, number: int | None = None) -> ModelVersion:
        """A version by number, or the champion's."""
        if number is not None:
            return self.version(market, number)
        champion = self.champion(market)
        if champion is None:
            raise VersionNotFound(f"{market} has no champion yet. Train it, or promote a version by hand.")
        return self.version(market, champion.version)

    def publish(self, market: str, model: bytes, described: Manifest) -> ModelVersion:
        """Write a new version. Nothing of it is visible before all of it is on the disk."""
        home = self.root / market
        home.mkdir(parents=True, exist_ok=True)
        beside = home / f".publishing-{uuid.uuid4().hex}"
        with _disk_errors(f"publish a version of {market}"):
            try:
                beside.mkdir()
                files.write(beside / "model.onnx", model)
                files.write(beside / "manifest.json", described.to_json())
                files.sync_folder(beside)
                number = self._claim(home)
                os.rename(beside, home / str(number))
                files.sync_folder(home)
            except OSError:
                shutil.rmtree(beside, ignore_errors=True)
                raise
        return self.version(market, number)

    def _claim(self, home: Path) -> int:
        """Take the next free number: `mkdir` lets only one publisher have it."""
        taken = [int(path.name) for path in home.glob("[0-9]*") if path.name.isdecimal()]
        number = max(taken, default=0) + 1
        while True:
            try:
                (home / str(number)).mkdir()
                return number
            except FileExistsError:
                number += 1

    def promote(self, market: str, number: int, *, sha256: str, by: str, reason: str) -> Champion:
        """Make a version the champion. Promoting the champion again changes nothing.

        Raises PromotionRefused where the version's files are not those with `sha256`.
        """
        with self._locked(market):
            return self._promote("promotion", market, number, sha256=sha256, by=by, reason=reason)

    def rollback(self, market: str, *, by: str, reason: str) -> Champion:
        """Make the champion's predecessor the champion again."""
        with self._locked(market):
            champion = self.champion(market)
            if champion is None or champion.previous is None:
                raise VersionNotFound(f"{market} has no earlier champion to roll back to.")
            sha256 = self.version(market, champion.previous).manifest.sha256
            return self._promote("rollback", market, champion.previous, sha256=sha256, by=by, reason=reason)

    def _promote(
        self, event: str, market: str, number: int, *, sha256: str, by: str, reason: str
    ) -> Champion:
        version = self.version(market, number)
        if version.manifest.sha256 != sha256:
            raise PromotionRefused(
                f"{market} version {number} has sha256 {version.manifest.sha256}, "
                f"but {sha256} was judged. Judge the version that is there."
            )
        try:
            version.check()
        except ModelDamaged as error:
            raise PromotionRefused(str(error)) from error
        old = self.champion(market)
        if old and (old.version, old.sha256) == (number, sha256):
            return old
        previous = old.version if old else None
        facts: dict[str, object] = {"version": number, "sha256": sha256, "by": by, "reason": reason}
        home = self.root / market
        with _disk_errors(f"promote {market} version {number}"):
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
            files.replace(home / "champion.json", content.encode())
        return new

    def record(self, market: str, event: str, facts: Mapping[str, object]) -> None:
        """Append an event, such as a verdict, to the market's audit log."""
        with self._locked(market), _disk_errors(f"write the audit log of {market}"):
            audit.append(self.root / market / "audit.jsonl", event, facts)

    def history(self, market: str) -> list[dict[str, object]]:
        """The market's audit log, oldest first."""
        return audit.read(self.root / market / "audit.jsonl")

    def verify(self, market: str) -> list[str]:
        """What is wrong with the market's files, a sentence each; empty where all is well."""
        home = self.root / market
        found = [*self._unfinished(home), *audit.faults(home / "audit.jsonl")]
        for number in self.versions(market):
            try:
                self.version(market, number).check()
            except RegistryError as error:
                found.append(str(error))
        try:
            champion = self.champion(market)
        except ModelDamaged as error:
            return [*found, str(error)]
        promotions = [e for e in self.history(market) if e["event"] in ("promotion", "rollback")]
        last = (promotions[-1]["version"], promotions[-1]["at"]) if promotions else None
        if last != ((champion.version, champion.promoted_at) if champion else None):
            found.append(
                f"champion.json says {champion and champion.version}, the audit log's last promotion "
                f"says {last and last[0]}: a promotion was interrupted, or a file was changed by hand. "
                "Promote the version that is meant."
            )
        if champion and champion.version not in self.versions(market):
            found.append(f"champion.json names version {champion.version}, which is not published.")
        return found

    def _unfinished(self, home: Path) -> Iterator[str]:
        for path in sorted(home.glob(".publishing-*")):
            yield f"{path} is a publication that was interrupted, or is under way; no one reads it."
        for path in sorted(home.glob("[0-9]*")):
            if path.name.isdecimal() and not (path / "manifest.json").is_file():
                yield f"{path} was claimed and never published; no one reads it."

    @contextmanager
    def _locked(self, market: str) -> Iterator[None]:
        home = self.root / market
        if not home.is_dir():
            raise VersionNotFound(f"{self.root} has no market {market!r}; there are {self.markets()}.")
        with files.locked(home / ".lock"):
            yield


@contextmanager
def _disk_errors(what: str) -> Iterator[None]:
    """Name the act that a disk error interrupted, and that nothing has changed by it."""
    try:
        yield
    except OSError as error:
        advice = "Free some space and repeat." if error.errno == errno.ENOSPC else "Repeat it."
        raise RegistryError(f"cannot {what}: {error.strerror}. Readers see no change. {advice}") from error
