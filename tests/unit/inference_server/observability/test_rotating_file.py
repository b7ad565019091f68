"""Files of lines that are closed when they are full or old, and stay until somebody takes them."""

from pathlib import Path
from typing import Any

import pytest

from inference_server.observability.rotating_file import FolderFull, RotatingFile


def rotating(folder: Path, **limits: Any) -> RotatingFile:
    return RotatingFile(
        folder, **{"most_bytes": 100, "most_seconds": 3600, "most_closed_bytes": 1000, **limits}
    )


def contents(folder: Path, pattern: str = "*.jsonl") -> list[bytes]:
    return sorted(file.read_bytes() for file in folder.glob(pattern))


def test_a_full_file_is_closed_and_none_is_deleted(tmp_path: Path) -> None:
    file = rotating(tmp_path, most_bytes=10)
    for number in range(4):
        file.write(b"line%d\n" % number)
    assert contents(tmp_path, "0-*.jsonl") == [b"line0\n", b"line1\n", b"line2\n"]
    assert contents(tmp_path, "0.jsonl") == [b"line3\n"]


def test_an_old_file_is_closed_though_no_line_comes(tmp_path: Path) -> None:
    file = rotating(tmp_path, most_seconds=0)
    file.write(b"1\n")
    file.close_if_old()
    file.close_if_old()
    assert contents(tmp_path, "0-*.jsonl") == [b"1\n"]
    assert contents(tmp_path, "0.jsonl") == [b""]


def test_nothing_is_written_while_the_closed_files_take_all_the_room(tmp_path: Path) -> None:
    file = rotating(tmp_path, most_bytes=5, most_closed_bytes=5)
    file.write(b"1234\n")
    with pytest.raises(FolderFull, match="allowed: 5"):
        file.write(b"5678\n")
    (closed,) = tmp_path.glob("0-*.jsonl")
    closed.unlink()
    file.write(b"5678\n")
    assert contents(tmp_path) == [b"5678\n"]


def test_two_at_once_have_files_of_their_own(tmp_path: Path) -> None:
    first, second = rotating(tmp_path), rotating(tmp_path)
    first.write(b"1\n")
    second.write(b"2\n")
    assert contents(tmp_path) == [b"1\n", b"2\n"]


def test_one_that_ends_closes_its_file(tmp_path: Path) -> None:
    for line in (b"1\n", b"2\n"):
        file = rotating(tmp_path)
        file.write(line)
        file.close()
    assert contents(tmp_path, "0-*.jsonl") == [b"1\n", b"2\n"]


def test_half_a_line_of_a_crash_stays_alone(tmp_path: Path) -> None:
    (tmp_path / "0.jsonl").write_bytes(b'{"half')
    rotating(tmp_path).write(b"1\n")
    assert contents(tmp_path) == [b"1\n", b'{"half']
