"""Served predictions, as `moving` lays them out: a row for each house, by day and version."""

import shutil
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FEATURE = "feature_"
"""What the columns of features begin with: they can have any name, and these have theirs."""
RECORD_COLUMNS = {
    "time": pa.timestamp("us", "UTC"),
    "request": pa.string(),
    "row": pa.int32(),
    "method": pa.string(),
    "reference": pa.string(),
    "valued": pa.date32(),
    "price": pa.float64(),
    "lower": pa.float64(),
    "upper": pa.float64(),
    "warnings": pa.list_(pa.string()),
}
"""`request` and `row` name a house: the request's id, and its place in it. Prices are in the target's unit;
`lower` and `upper` are null if the model gave no interval, and `valued` if no date was asked for."""


@dataclass(frozen=True, kw_only=True)
class File:
    """Predictions of one day and version."""

    path: Path
    day: str
    version: int


def files(folder: Path, *, since: str = "", version: int | None = None) -> list[File]:
    """The files of the days from `since` on, as 2026-01-31, and of one version or all; oldest first."""
    found = []
    for path in sorted(folder.glob("day=*/version=*/*.parquet")):
        day, number = path.parts[-3].removeprefix("day="), int(path.parts[-2].removeprefix("version="))
        if day >= since and version in (None, number) and not path.name.startswith("."):
            found.append(File(path=path, day=day, version=number))
    return found


def days(folder: Path) -> list[str]:
    """The days that have predictions, oldest first."""
    return sorted({path.name.removeprefix("day=") for path in folder.glob("day=*")})


def rows(of: Sequence[File]) -> "Counter[int]":
    """Houses by version."""
    counted: Counter[int] = Counter()
    for file in of:
        counted[file.version] += pq.read_metadata(file.path).num_rows
    return counted


def read(file: File, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Some columns of a file, a row group at a time. A feature that no house had is null."""
    parquet = pq.ParquetFile(file.path)
    there = [name for name in columns if name in parquet.schema_arrow.names]
    for group in range(parquet.num_row_groups):
        table = parquet.read_row_group(group, columns=there)
        for name in columns:
            if name not in there:
                table = table.append_column(name, pa.nulls(table.num_rows))
        yield table.select(list(columns))


def delete(folder: Path, day: str) -> None:
    """Delete a day. It is gone at once for readers, whatever happens meanwhile."""
    (folder / f"day={day}").rename(folder / f".deleted-{day}-{uuid.uuid4().hex}")
    finish_deleting(folder)


def finish_deleting(folder: Path) -> None:
    """Delete what an interrupted deletion has left."""
    for hidden in folder.glob(".deleted-*"):
        shutil.rmtree(hidden)
