"""Brings what `pushing` has put into object storage into a folder, from which servers serve it as ever.

A version is laid out beside its place, checked against the sha256 that its state names, and put there by one
rename; champion.json comes last. So servers, and a follower that is killed, find the old or the new.
"""

import hashlib
import shutil
from pathlib import Path

from house_prices.errors import ModelDamaged, StoreError
from house_prices.registry import atomic_files, audit, reading, unfinished
from house_prices.registry.store import MARKET
from house_prices.stores import pushing
from house_prices.stores.objects import Objects
from house_prices.stores.pushing import State

LOCK = ".following.lock"


class Follower:
    """Keeps a folder as a bucket says. One at a time for a folder."""

    def __init__(self, bucket: Objects, root: Path) -> None:
        self._bucket = bucket
        self._root = root
        self._done: dict[str, str] = {}

    def markets(self) -> list[str]:
        """Markets with a state, by name."""
        found = {name.partition("/")[0] for name in self._bucket.names() if "/states/" in name}
        return sorted(filter(MARKET.fullmatch, found))

    def follow(self, market: str) -> int | None:
        """Bring the newest state; the champion's number if there was something to do. Raises StoreError."""
        name = pushing.newest(self._bucket, market)
        if name is None or self._done.get(market) == name:
            return None
        try:
            state = State.from_json(self._bucket.read(name))
        except (ValueError, TypeError) as error:
            raise StoreError(f"{self._bucket}/{name} is no state: {error}") from error
        home = self._root / market
        home.mkdir(parents=True, exist_ok=True)
        if (home / audit.NAME).exists():
            raise StoreError(f"{home} is a registry of its own. Follow into another folder.")
        with atomic_files.locked(home / LOCK):
            self._bring(state, home)
        self._done[market] = name
        return state.serves.version

    def _bring(self, state: State, home: Path) -> None:
        needed = {number for number, _, _ in (name.partition("/") for name in state.files)}
        for number in sorted(needed):
            sums = {file: state.files[f"{number}/{file}"] for file in pushing.FILES}
            if not _has(home / number, sums):
                self._fetch(home, number, sums)
        unfinished.write_pinned(home, tuple(state.pinned))
        unfinished.write_champion(home, state.serves)
        for old in home.glob("[0-9]*"):
            if old.name not in needed:
                shutil.rmtree(old)

    def _fetch(self, home: Path, number: str, sums: dict[str, str]) -> None:
        staged = home / f".following-{number}"
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir()
        for file, expected in sums.items():
            content = self._bucket.read(f"{home.name}/{number}/{file}")
            if (found := hashlib.sha256(content).hexdigest()) != expected:
                raise StoreError(
                    f"{self._bucket}/{home.name}/{number}/{file}: sha256 is {found}, its state says "
                    f"{expected}. The champion stays as it is; push to another place."
                )
            atomic_files.write(staged / file, content)
        atomic_files.sync_folder(staged)
        if (home / number).exists():  # damaged, or of another registry
            shutil.rmtree(home / number)
        unfinished.put(staged, home / number)


def _has(folder: Path, sums: dict[str, str]) -> bool:
    try:
        return all(reading.sha256(folder / file, folder.parent) == sha for file, sha in sums.items())
    except (FileNotFoundError, ModelDamaged):
        return False
