"""Files of Dagster's own that nobody else can have written: unpickling a file runs whatever code it holds."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from house_prices.errors import UnsafeFile

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def make_private(path: Path, base: Path) -> None:
    """Take from others the right to write into the folders of a file, from `base` down, if they are ours."""
    for folder in (base, *_between(base, path.parent)):
        found = folder.stat()
        if found.st_uid == os.geteuid() and found.st_mode & OTHERS_WRITE:
            folder.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS_WRITE)


def require_private(path: Path, base: Path) -> None:
    """Raise UnsafeFile if anybody but this user and root can have written a file below `base`."""
    for place in (base, *_between(base, path)):
        found = place.lstat()
        if (
            found.st_uid not in (0, os.geteuid())
            or found.st_mode & OTHERS_WRITE
            or stat.S_ISLNK(found.st_mode)
        ):
            raise UnsafeFile(
                f"{path} is not read: others than this process's user can write to {place}, and a pickle "
                f"runs the code in it. Remove it, run `chmod -R go-w {base}`, and materialize it again."
            )


def _between(base: Path, path: Path) -> Iterator[Path]:
    """What lies below `base` on the way to a path, and the path."""
    below = base
    for name in path.relative_to(base).parts:
        below = below / name
        yield below
