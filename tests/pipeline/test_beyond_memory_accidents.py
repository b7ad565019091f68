"""Cleaning beyond memory that is killed, or runs out of room, leaves the last good files."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from house_prices.contract import reader
from house_prices.sales import beyond_memory, read, synthetic

PROGRAM = """
import resource, sys
from pathlib import Path
from house_prices.contract import reader
from house_prices.sales import beyond_memory, read, synthetic
from house_prices.sales.beyond_memory import batches
batches.ROWS = 5000
folder, room = Path(sys.argv[1]), int(sys.argv[2])
if room:
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
contract = reader.from_values(synthetic.contract())
files = read.paths(folder / "raw")
beyond_memory.prepare(files, contract, folder / "out", tell=lambda text: print(text, flush=True))
"""


def started(folder: Path, room: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(folder), str(room)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def prepared(folder: Path, rows: int) -> beyond_memory.Prepared:
    contract = reader.from_values(synthetic.contract())
    synthetic.write(folder / "raw", rows, noise=0.1)
    return beyond_memory.prepare(read.paths(folder / "raw"), contract, folder / "out")


def content(found: beyond_memory.Prepared) -> tuple[bytes, bytes]:
    return found.sales.read_bytes(), found.rejects.read_bytes()


@pytest.mark.parametrize("instant", ["looking for outliers: area", "joining", "writing"])
def test_a_kill_leaves_the_last_files_and_the_next_run_makes_new_ones(instant: str, tmp_path: Path) -> None:
    before = content(last := prepared(tmp_path, 2000))
    synthetic.write(tmp_path / "raw", 60_000, noise=0.1)
    with started(tmp_path) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith(instant))
        time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert (tmp_path / "out" / ".work").exists()
    assert content(last) == before
    assert sum(prepared(tmp_path, 3000).parts.values()) > sum(last.parts.values())
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["rejects.parquet", "sales.parquet"]


@pytest.mark.parametrize(("room", "writer"), [(10_000, "pyarrow"), (700_000, "duckdb")])
def test_without_room_the_last_files_stay(room: int, writer: str, tmp_path: Path) -> None:
    before = content(last := prepared(tmp_path, 2000))
    synthetic.write(tmp_path / "raw", 60_000, noise=0.1)
    process = started(tmp_path, room)
    _, error = process.communicate(timeout=120)
    assert "File too large" in error
    assert f"{writer}." in error
    assert content(last) == before
    assert not (tmp_path / "out" / ".work").exists()
