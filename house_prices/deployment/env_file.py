"""The line of .env that says which images run."""

import os
from pathlib import Path

import dotenv

from house_prices.errors import DeploymentError


def tag(folder: Path) -> str:
    """What TAG is, `latest` where it is not set."""
    return dotenv.dotenv_values(_path(folder), interpolate=False).get("TAG") or "latest"


def write_tag(folder: Path, tag: str) -> None:
    """Set TAG, and leave all else as it stands: the other lines, who owns the file, and who may read it."""
    path = _path(folder)
    owner = path.stat()
    dotenv.set_key(path, "TAG", tag, quote_mode="never")
    os.chown(path, owner.st_uid, owner.st_gid)


def _path(folder: Path) -> Path:
    path = folder / ".env"
    if not path.is_file():
        raise DeploymentError(f"{path} is missing: copy .env.example to it and fill it in.")
    return path
