"""The prediction log becomes Parquet: exactly once, whatever happens meanwhile."""

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from house_prices.errors import MonitoringError
from house_prices.monitoring import moving, served
from house_prices.registry import atomic_files
from inference_server.observability.rotating_file import RotatingFile


def line(number: int, **changes: Any) -> str:
    """A request for one house."""
    entry = {
        "record": 2,
        "time": "2026-03-01T12:00:00.000+00:00",
        "id": f"request {number}",
        "market": "huts",
        "version": 1,
        "method": "/Predict",
        "houses": [{"area": 100.0, "roof": "flat"}],
        "prices": [1000.0 + number],
        "lower": [900.0],
        "upper": [1100.0],
    }
    return json.dumps({**entry, **changes})


def write(log: Path, name: str, *lines: str) -> None:
    log.mkdir(exist_ok=True)
    (log / f"{name}.jsonl").write_text("".join(f"{each}\n" for each in lines))


def table(to: Path) -> pa.Table:
    tables = [pq.ParquetFile(file.path).read() for file in served.files(to)]
    return pa.concat_tables(tables, promote_options="default")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "predictions"


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "served"


def test_a_row_has_the_house_as_the_model_got_it_and_its_answer(log: Path, to: Path) -> None:
    write(
        log,
        "0-a",
        line(1, references=["listing 7"], valued=["2026-06-30"], warnings={"0": ["area 999 is above 249"]}),
    )
    assert moving.move(log, to).rows == {("2026-03-01", 1): 1}
    (row,) = table(to).to_pylist()
    assert row.pop("time").isoformat() == "2026-03-01T12:00:00+00:00"
    assert row == {
        "request": "request 1",
        "row": 0,
        "method": "/Predict",
        "reference": "listing 7",
        "valued": date(2026, 6, 30),
        "price": 1001.0,
        "lower": 900.0,
        "upper": 1100.0,
        "warnings": ["area 999 is above 249"],
        "feature_area": 100.0,
        "feature_roof": "flat",
    }
    assert not list(log.glob("*.jsonl"))


def test_lines_of_the_first_layout_are_read(log: Path, to: Path) -> None:
    first = {
        name: value for name, value in json.loads(line(1)).items() if name not in ("record", "lower", "upper")
    }
    write(log, "0-a", json.dumps(first))
    moving.move(log, to)
    assert table(to).select(["price", "lower", "reference"]).to_pylist() == [
        {"price": 1001.0, "lower": None, "reference": None}
    ]


def test_a_line_of_a_newer_layout_stops_the_move_and_is_kept(log: Path, to: Path) -> None:
    write(log, "0-a", line(1, record=3))
    with pytest.raises(MonitoringError, match="record 3, allowed: up to 2"):
        moving.move(log, to)
    assert list(log.glob("*.jsonl"))


def test_two_versions_in_one_day_and_a_feature_that_one_of_them_gained(log: Path, to: Path) -> None:
    newer = line(2, version=2, houses=[{"area": 50.0, "roof": 3.0, "garden": 1.0}])
    write(log, "0-a", line(1), newer, line(3))
    assert moving.move(log, to).rows == {("2026-03-01", 1): 2, ("2026-03-01", 2): 1}
    (file,) = served.files(to, version=2)
    (read,) = served.read(file, ["price", "feature_garden", "feature_age"])
    assert read.to_pylist() == [{"price": 1002.0, "feature_garden": 1.0, "feature_age": None}]


def test_a_request_of_many_houses_and_a_clock_that_steps_back(log: Path, to: Path) -> None:
    many = line(1, houses=[{"area": 1.0}, {}], prices=[1.0, 2.0], lower=[0.0, 0.0], upper=[3.0, 3.0])
    write(log, "0-a", many, line(2, time="2025-12-31T23:59:59.999+00:00"))
    moving.move(log, to)
    assert served.days(to) == ["2025-12-31", "2026-03-01"]
    assert served.rows(served.files(to, since="2026-01-01")) == {1: 2}


def test_a_line_cut_off_is_kept_with_the_reason(log: Path, to: Path) -> None:
    write(log, "0-a", line(1), line(2)[:50], line(3, prices=[]), line(4))
    moved = moving.move(log, to)
    assert (moved.rows.total(), moved.unread) == (2, 2)
    kept = [json.loads(each) for each in (to / "unread" / "0-a.jsonl").read_text().splitlines()]
    assert [(each["line"], each["text"].strip()) for each in kept] == [
        (2, line(2)[:50]),
        (3, line(3, prices=[])),
    ]


def test_the_file_that_a_server_writes_stays_and_that_of_a_killed_one_is_moved(log: Path, to: Path) -> None:
    limits = {"most_bytes": 10**6, "most_seconds": 3600.0, "most_closed_bytes": 10**6}
    writing, killed = RotatingFile(log, **limits), RotatingFile(log, **limits)  # type: ignore[arg-type]
    writing.write(line(1).encode() + b"\n")
    killed.write(line(2).encode() + b"\n")
    os.close(killed._handle)  # as the kernel does
    assert moving.move(log, to).rows.total() == 1
    assert table(to)["request"].to_pylist() == ["request 2"]
    writing.close()
    assert moving.move(log, to).rows.total() == 1


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def killed_after(steps: int) -> Callable[..., Any]:
    """Stands for a function of the disk, and kills the process instead of its n-th call, or after it."""
    left = [steps]

    def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            done = real(*args, **kwargs)
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return done

        return call

    return wrap


@pytest.mark.parametrize("steps", range(24))
def test_a_move_that_is_killed_at_any_step_is_repeated_and_nothing_is_lost_or_twice(
    log: Path, to: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr(moving, "CHUNK_ROWS", 2)
    for name in ("0-a", "1-b"):
        write(log, name, line(1), line(2, version=2), line(3), "cut o")
        monkeypatch.setattr(os, "fsync", lambda _: None)
    with monkeypatch.context() as patched:
        wrap = killed_after(steps)
        for module, name in ((atomic_files, "write"), (atomic_files.os, "replace"), (Path, "unlink")):
            patched.setattr(module, name, wrap(getattr(module, name)))
        with pytest.raises(Killed):
            moving.move(log, to)
    moving.move(log, to)
    assert sorted(table(to)["request"].to_pylist()) == sorted(
        [f"request {number}" for number in (1, 2, 3)] * 2
    )
    assert [len(file.read_text().splitlines()) for file in (to / "unread").iterdir()] == [1, 1]
    assert not list(log.glob("*.jsonl"))


def test_days_are_kept_as_long_as_the_contract_says_whatever_the_clock_says(log: Path, to: Path) -> None:
    for number, day in enumerate(("2026-01-01", "2026-02-01", "2026-03-01")):
        write(log, f"0-{number}", line(number, time=f"{day}T00:00:00+00:00"))
    moving.move(log, to)
    assert moving.prune(to, 40, date(2099, 1, 1)) == ["2026-01-01"]
    assert moving.prune(to, 5, date(2026, 2, 3)) == []
    assert served.days(to) == ["2026-02-01", "2026-03-01"]
