"""Whether locks hold between the machines that share a folder.

Every change of a market is made under a lock of its folder. On NFS that is a lock of the server's, unless the
folder is mounted so that each machine locks for itself: then two trainings could publish and promote at once.
"""

from pathlib import Path

from house_prices.errors import RegistryError

MOUNTS = Path("/proc/self/mountinfo")
ALONE = ("nolock", "local_lock=all", "local_lock=flock")
"""Options of NFS with which each machine locks for itself."""


def require_locks(folder: Path, mounts: str | None = None) -> None:
    """Raise RegistryError if the folder is on NFS that locks on each machine alone."""
    kind, options = _mount_of(folder.resolve(), _mounts() if mounts is None else mounts)
    if kind.startswith("nfs") and (found := [option for option in options if option in ALONE]):
        raise RegistryError(
            f"{folder} is on {kind}, mounted with {', '.join(found)}: its locks hold on this machine only, "
            "and two could change the registry at once. Mount it as NFS 4, or as NFS 3 with lockd."
        )


def _mounts() -> str:
    try:
        return MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux
        return ""


def _mount_of(folder: Path, mounts: str) -> tuple[str, list[str]]:
    """Kind and options of the file system that a folder is on; see proc_pid_mountinfo(5)."""
    found: dict[Path, tuple[str, list[str]]] = {}
    for line in mounts.splitlines():
        place, _, system = line.partition(" - ")
        if len(place.split()) < 6 or len(system.split()) < 3:
            continue
        at, own = place.split()[4:6]
        kind, _, shared = system.split(maxsplit=2)
        found[Path(at.replace("\\040", " "))] = (kind, [*own.split(","), *shared.split(",")])
    above = [path for path in (folder, *folder.parents) if path in found]
    return found[above[0]] if above else ("", [])
