"""The line in .env that says which images run."""

import os
from pathlib import Path

import dotenv

from house_prices.errors import DeploymentError


def tag(folder: Path) -> str:
    """The value of TAG, or `latest` if it is not set."""
    return dotenv.dotenv_values(_path(folder), interpolate=False).get("TAG") or "latest"


def write_tag(folder: Path, tag: str) -> None:
    """Set TAG. The other lines, the file's owner and its permissions stay the same."""
    path = _path(folder)
    owner = path.stat()
    dotenv.set_key(path, "TAG", tag, quote_mode="never")
    os.chown(path, owner.st_uid, owner.st_gid)


def _path(folder: Path) -> Path:
    path = folder / ".env"
    if not path.is_file():
        raise DeploymentError(f"{path} is missing: copy .env.example to it and fill it in.")
    return path
