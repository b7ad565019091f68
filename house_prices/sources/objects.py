"""Sales in object storage or on a web server: everything that fsspec opens by its URL."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec

from house_prices.errors import SourceError, SourceUnavailable
from house_prices.sales import files
from house_prices.sources.delivery import Delivery
from house_prices.stores import failures

_PATTERN = frozenset("*?[")
_VERSIONS = ("ETag", "etag", "md5Hash", "content_md5", "LastModified", "last_modified", "mtime")
"""What storages tell of an object's contents; the first of these that is there."""


@dataclass(frozen=True, kw_only=True)
class _Listing:
    system: Any
    """The fsspec file system."""
    paths: Mapping[str, str]
    """Where each object is, by the name that its copy gets."""
    versions: Mapping[str, str]
    left: tuple[tuple[str, str], ...]

    @property
    def stamp(self) -> str:
        return " ".join(f"{name}:{version}" for name, version in self.versions.items())


def deliver(url: str, into: Path) -> Delivery:
    """Copy the objects into a folder. Raises SourceUnavailable if one is replaced meanwhile."""
    with _told(url):
        before = _list(url)
        copies = {name: into / name for name in before.paths}
        if copies:
            before.system.get(list(before.paths.values()), [str(copy) for copy in copies.values()])
        after = _list(url)
    if before.versions != after.versions:
        changed = {name for name, _ in before.versions.items() ^ after.versions.items()}
        raise SourceUnavailable(f"{url}: changed while it was read: {', '.join(sorted(changed))}. Try again.")
    return Delivery(files=tuple(copies.values()), stamp=before.stamp, left=before.left)


def stamp(url: str) -> str:
    """Names, sizes and versions of the objects."""
    with _told(url):
        return _list(url).stamp


def _list(url: str) -> _Listing:
    system, path = fsspec.core.url_to_fs(url, use_listings_cache=False, **failures.options(url))
    root, entries = _entries(system, path)
    paths, versions, left = {}, {}, []
    for where, entry in sorted(entries.items()):
        name = PurePosixPath(where).relative_to(root).as_posix().replace("/", "__")
        reason = "a folder" if entry["type"] == "directory" else files.why_left(Path("/nowhere", name))
        if reason:
            left.append((name, reason))
        elif entry["size"] != 0:  # some storages keep an empty object for a folder
            paths[name] = where
            told = next((entry[key] for key in _VERSIONS if entry.get(key)), "")
            versions[name] = f"{entry['size']}:{told}"
    if not paths:
        others = ", ".join(name for name, _ in left) or "nothing"
        raise SourceError(f"{url} holds no file of sales, but {others}.")
    return _Listing(system=system, paths=paths, versions=versions, left=tuple(left))


def _entries(system: Any, path: str) -> tuple[str, dict[str, dict[str, Any]]]:
    """What matches a pattern or stands in a folder, or the one object; and the folder they are in."""
    if _PATTERN & set(path):
        fixed = next(at for at, character in enumerate(path) if character in _PATTERN)
        return path[:fixed].rpartition("/")[0], system.glob(path, detail=True)
    entry = system.info(path)
    if entry["type"] == "directory":
        root = path.rstrip("/")
        return root, {each["name"]: each for each in system.ls(path, detail=True) if each["name"] != root}
    return path.rpartition("/")[0], {path: entry}


def _told(url: str) -> AbstractContextManager[None]:
    return failures.told(url, SourceError, SourceUnavailable, correct="Correct [source] url.")
