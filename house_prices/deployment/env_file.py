"""The line of .env that says which images run."""

import os
import re
import shutil
from pathlib import Path

from house_prices.errors import DeploymentError

_TAG = re.compile(r"^TAG=(.*)$", re.MULTILINE)


def tag(folder: Path) -> str:
    """What TAG is, `latest` where it is not set."""
    found = _TAG.search(_read(folder))
    return (found[1].strip() if found else "") or "latest"


def write_tag(folder: Path, tag: str) -> None:
    """Set TAG, and leave all else as it stands: the other lines, who owns the file, and who may read it."""
    text = _read(folder)
    text, count = _TAG.subn(f"TAG={tag}", text)
    if not count:
        text = f"{text.rstrip()}\nTAG={tag}\n"
    path, beside = folder / ".env", folder / ".env.new"
    shutil.copy2(path, beside)
    os.chown(beside, path.stat().st_uid, path.stat().st_gid)
    beside.write_text(text)
    os.replace(beside, path)


def _read(folder: Path) -> str:
    path = folder / ".env"
    if not path.is_file():
        raise DeploymentError(f"{path} is missing: copy .env.example to it and fill it in.")
    return path.read_text()
