"""What the images are made from, and the tag that names it."""

import hashlib
from pathlib import Path

from docker.utils import exclude_paths

from house_prices.errors import DeploymentError

TAG_LENGTH = 12


def tag(folder: Path) -> str:
    """Digest of every file that `docker build` would send, in hexadecimal: the same files, the same tag.

    Raises DeploymentError where the folder is not the project's.
    """
    digest = hashlib.sha256()
    for path in files(folder):
        name, content = str(path.relative_to(folder)).encode(), path.read_bytes()
        executable = path.stat().st_mode & 0o100
        digest.update(b"%d %s %d %d\n" % (len(name), name, executable, len(content)))
        digest.update(content)
    return digest.hexdigest()[:TAG_LENGTH]


def files(folder: Path) -> list[Path]:
    """Dockerfile and constraints.txt, code and contracts: what .dockerignore lets through, sorted."""
    ignored, dockerfile = folder / ".dockerignore", folder / "Dockerfile"
    if missing := [path.name for path in (ignored, dockerfile) if not path.is_file()]:
        raise DeploymentError(f"{folder} has no {' and no '.join(missing)}: it is not the project's folder.")
    lines = [line for line in ignored.read_text().splitlines() if line and not line.startswith("#")]
    kept = (folder / name for name in exclude_paths(str(folder), lines))
    return sorted(path for path in kept if path.is_file())
