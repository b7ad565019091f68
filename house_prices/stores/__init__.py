"""Where results are written: a folder of this machine, or object storage by a URL that fsspec opens."""

from pathlib import Path
from typing import Protocol

from house_prices.stores.folder import Folder

__all__ = ["Folder", "Store", "at"]


class Store(Protocol):
    """Files by name, each written as a whole or not at all. Raises StoreError."""

    def names(self) -> list[str]:
        """What is there, in order."""

    def read(self, name: str) -> bytes:
        """The content of a file. Raises FileNotFoundError."""

    def write(self, name: str, content: bytes) -> None:
        """Write a file, in place of another of that name."""


def at(place: str) -> Store:
    """The store at a path, or at a URL such as s3://bucket/folder."""
    if "://" not in place:
        return Folder(Path(place))
    from house_prices.stores.objects import Objects

    return Objects(place)
