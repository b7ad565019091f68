"""A file of lines that rotates when it is full. Several processes can share a folder."""

import fcntl
import itertools
import os
from datetime import UTC, datetime
from pathlib import Path


class RotatingFile:
    """Takes the first number in the folder that no other process has locked."""

    def __init__(self, folder: Path, *, most_bytes: int, files: int) -> None:
        """`files` are kept, including the current one."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._most_bytes = most_bytes
        self._files = files
        self._number, self._handle = next(
            (number, handle) for number in itertools.count() if (handle := _held(folder / f"{number}.lock"))
        )
        self._open()

    def write(self, line: bytes) -> None:
        """Append a line, to a new file if the current one has no room for it."""
        if self._size and self._size + len(line) > self._most_bytes:
            self._rotate()
        os.write(self._file, line)
        self._size += len(line)

    def close(self) -> None:
        """Release the number."""
        os.close(self._file)
        os.close(self._handle)

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._number}.jsonl"

    def _open(self) -> None:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
        self._size = os.fstat(self._file).st_size
        if self._size and os.pread(self._file, 1, self._size - 1) != b"\n":
            self._size += os.write(self._file, b"\n")  # a crash cut the last line off: keep it apart

    def _rotate(self) -> None:
        os.close(self._file)
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        self._path.rename(self._folder / f"{self._number}-{now}.jsonl")
        full = sorted(self._folder.glob(f"{self._number}-*.jsonl"))
        for old in full[: max(0, len(full) - self._files + 1)]:
            old.unlink(missing_ok=True)
        self._open()


def _held(path: Path) -> int | None:
    """A locked open file, or None if another process has the lock. The kernel releases it at exit."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
