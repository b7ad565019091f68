"""A folder of this machine as a store."""

import os
from dataclasses import dataclass
from pathlib import Path

from house_prices.registry import atomic_files


@dataclass(frozen=True)
class Folder:
    """The files of a folder, which is made when the first is written."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def names(self) -> list[str]:
        """What is there, in order."""
        return sorted(each.name for each in self.path.iterdir()) if self.path.is_dir() else []

    def read(self, name: str) -> bytes:
        """The content of a file."""
        return (self.path / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """On the disk as a whole before it has its name. What a killed writer left is written over."""
        self.path.mkdir(parents=True, exist_ok=True)
        beside = self.path / f".{name}.half"
        beside.unlink(missing_ok=True)
        atomic_files.write(beside, content)
        os.replace(beside, self.path / name)
        atomic_files.sync_folder(self.path)
