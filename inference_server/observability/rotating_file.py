"""A file of lines that is closed when it is full or old. Several processes can share a folder.

    <number>.lock              held by the process that writes <number>.jsonl
    <number>.jsonl             written now
    <number>-<time>-<id>.jsonl closed: complete, and never written again

Closed files are there to be taken away by a reader. None is deleted or replaced here.
"""

import fcntl
import itertools
import os
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path


class FolderFull(OSError):
    """The closed files take all the room that they may."""


class RotatingFile:
    """Takes the first number in the folder that no other process has locked."""

    def __init__(self, folder: Path, *, most_bytes: int, most_seconds: float, most_closed_bytes: int) -> None:
        """Close the file at `most_bytes` or after `most_seconds`; write nothing above `most_closed_bytes`."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._most_bytes = most_bytes
        self._most_seconds = most_seconds
        self._most_closed_bytes = most_closed_bytes
        self._number, self._handle = next(
            (number, handle) for number in itertools.count() if (handle := held(folder / f"{number}.lock"))
        )
        self._size = 0
        self._is_cut = False
        """Whether a full disk has cut the last line off."""
        self._open()

    def write(self, lines: bytes) -> None:
        """Append whole lines, to a new file if the current one has no room for them. Raises FolderFull."""
        if self._size and self._size + len(lines) > self._most_bytes:
            self._rotate()
        if not self._size:
            self._check_room()
        left = memoryview(b"\n" + lines if self._is_cut else lines)
        while left:
            written = os.write(self._file, left)
            self._size += written
            self._is_cut = written < len(left)
            left = left[written:]

    def close_if_old(self) -> None:
        """Close the current file if it has lines and was opened long enough ago."""
        if self._size and time.monotonic() - self._opened >= self._most_seconds:
            self._rotate()

    def close(self) -> None:
        """Close the current file and release the number."""
        os.close(self._file)
        if self._size:
            put_aside(self._path)
        os.close(self._handle)

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._number}.jsonl"

    def _open(self) -> None:
        if self._path.is_file() and self._path.stat().st_size:
            put_aside(self._path)  # of a process that was killed, maybe in the middle of a line
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
        self._opened = time.monotonic()
        self._size = 0
        self._is_cut = False

    def _rotate(self) -> None:
        os.close(self._file)
        put_aside(self._path)
        self._open()

    def _check_room(self) -> None:
        waiting = sum(file.stat().st_size for file in self._folder.glob(f"{self._number}-*.jsonl"))
        if waiting >= self._most_closed_bytes:
            raise FolderFull(
                f"closed files {self._folder}/{self._number}-*.jsonl have {waiting} bytes, allowed: "
                f"{self._most_closed_bytes}. Materialize served_predictions, which takes them."
            )


def put_aside(path: Path) -> Path:
    """Close a file: give it a name that no clock and no other process gives again."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return path.rename(path.with_name(f"{path.stem}-{now}-{uuid.uuid4().hex[:12]}.jsonl"))


def held(path: Path) -> int | None:
    """A locked open file, or None if another process has the lock. The kernel releases it at exit."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
