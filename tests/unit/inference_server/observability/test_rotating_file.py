"""Files of lines that start anew when they are full."""

from pathlib import Path

from inference_server.observability.rotating_file import RotatingFile


def contents(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted(folder.glob("*.jsonl"))]


def test_a_full_file_makes_way_and_the_oldest_goes(tmp_path: Path) -> None:
    file = RotatingFile(tmp_path, most_bytes=10, files=3)
    for number in range(9):
        file.write(b"line%d\n" % number)
    assert sorted(contents(tmp_path)) == [b"line6\n", b"line7\n", b"line8\n"]


def test_two_at_once_have_files_of_their_own(tmp_path: Path) -> None:
    first, second = (RotatingFile(tmp_path, most_bytes=100, files=3) for _ in range(2))
    first.write(b"1\n")
    second.write(b"2\n")
    assert contents(tmp_path) == [b"1\n", b"2\n"]


def test_one_that_comes_later_goes_on_where_the_former_ended(tmp_path: Path) -> None:
    for line in (b"1\n", b"2\n"):
        file = RotatingFile(tmp_path, most_bytes=100, files=3)
        file.write(line)
        file.close()
    assert contents(tmp_path) == [b"1\n2\n"]


def test_half_a_line_of_a_crash_stays_alone(tmp_path: Path) -> None:
    (tmp_path / "0.jsonl").write_bytes(b'{"half')
    RotatingFile(tmp_path, most_bytes=100, files=3).write(b"1\n")
    assert contents(tmp_path) == [b'{"half\n1\n']
