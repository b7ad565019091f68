"""The files that the images are built from, and their tag."""

import hashlib
from pathlib import Path

from docker.utils import exclude_paths

from house_prices.errors import DeploymentError

TAG_LENGTH = 12


def tag(folder: Path) -> str:
    """A hexadecimal digest of every file that `docker build` would send: equal files give equal tags.

    Raises DeploymentError if the folder is not the project's.
    """
    digest = hashlib.sha256()
    for path in files(folder):
        name, content = str(path.relative_to(folder)).encode(), path.read_bytes()
        executable = path.stat().st_mode & 0o100
        digest.update(b"%d %s %d %d\n" % (len(name), name, executable, len(content)))
        digest.update(content)
    return digest.hexdigest()[:TAG_LENGTH]


def files(folder: Path) -> list[Path]:
    """Every file that .dockerignore lets through, sorted: Dockerfile, constraints, code, contracts."""
    ignored, dockerfile = folder / ".dockerignore", folder / "Dockerfile"
    if missing := [path.name for path in (ignored, dockerfile) if not path.is_file()]:
        raise DeploymentError(f"{folder} has no {' and no '.join(missing)}: it is not the project's folder.")
    lines = [line for line in ignored.read_text().splitlines() if line and not line.startswith("#")]
    kept = (folder / name for name in exclude_paths(str(folder), lines))
    return sorted(path for path in kept if path.is_file())
