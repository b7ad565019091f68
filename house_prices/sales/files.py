"""Which files of a raw folder are sales, and why the others are left alone."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TEXT = (".csv", ".tsv", ".txt", ".tab", ".psv")
PACKED = (".gz", ".zst", ".zip", ".bz2", ".xz")
EXCEL = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")
PARQUET = (".parquet", ".pq")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a folder holds."""

    sales: tuple[Path, ...]
    """Files to read, in the order of their names."""
    left: tuple[tuple[str, str], ...]
    """The other files by name, each with the reason why it is left alone."""


def find(folder: Path, pattern: str = "*") -> Found:
    """Look at the names of a folder's files, or of those that match a pattern."""
    entries = sorted(folder.glob(pattern))
    reasons = {path: why_left(path) for path in entries}
    return Found(
        sales=tuple(path for path, reason in reasons.items() if not reason),
        left=tuple((path.name, reason) for path, reason in reasons.items() if reason),
    )


def why_left(path: Path) -> str:
    """Why a file is no sales; empty if it is."""
    name = path.name
    if path.is_dir():
        return "a folder"
    if name.startswith(("~$", ".~lock.")) or name.endswith((".lock", ".tmp", ".part", ".crdownload", "~")):
        return "another program's lock or unfinished file"
    if name.startswith("."):
        return "a hidden file"
    kinds = [suffix.lower() for suffix in path.suffixes[-2:]]
    if kinds[-1:] and kinds[-1] in (*TEXT, *EXCEL, *PARQUET, ".zip"):
        return ""
    if len(kinds) == 2 and kinds[1] in PACKED and kinds[0] in TEXT:
        return ""
    return "neither CSV or TSV (also gz, zst, zip, bz2 or xz), Parquet nor Excel, by its name"


def checksums(files: Sequence[Path]) -> dict[str, str]:
    """sha256 of each file by its name."""
    return {path.name: sha256(path) for path in files}


def sha256(path: Path) -> str:
    """Of a file's contents."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
