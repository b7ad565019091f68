"""Writing files so that no reader, and no crash, ever sees half of one."""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Write a new file and wait until the disk has it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, content: bytes) -> None:
    """Replace a file's content atomically."""
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        write(beside, content)
        os.replace(beside, path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def append(path: Path, line: bytes) -> None:
    """Add a line to a file. A line that was not written as a whole is removed again."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    with os.fdopen(handle, "rb+") as file:
        size = _whole_lines(file.read())
        file.truncate(size)
        try:
            file.seek(size)
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
            sync_folder(path.parent)
        except OSError:
            file.truncate(size)
            raise


def remove_half_line(path: Path) -> None:
    """Remove what a crash left of a line that it cut off."""
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb+") as file:
        file.truncate(_whole_lines(file.read()))
        os.fsync(handle)


def _whole_lines(content: bytes) -> int:
    """Length of the content up to its last newline: what follows is a write that a crash cut off."""
    return content.rfind(b"\n") + 1


def sync_folder(path: Path) -> None:
    """Wait until the disk has the folder's names."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file's lock, waiting for whoever has it. The kernel frees it if the process dies."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def locked_for_reading(path: Path) -> Iterator[None]:
    """Keep writers out, if there are any: without a lock file, as in a copied folder, there are none."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        yield
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)
