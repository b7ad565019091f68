"""Files of every format, and those that are left alone."""

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from house_prices.errors import SourceError
from house_prices.sales import clean, files, read
from house_prices.sales.columns import FILE, LINE
from tests import models
from tests.raw_sales import HEADER, HUTS, PLAIN
from tests.workbooks import write

TEXT = f"{HEADER}\n{PLAIN}\n80,2,0,,gable,,new,90000\n"


def zst(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [("gz", gzip.compress), ("zst", zst), ("bz2", bz2.compress), ("xz", lzma.compress)],
)
def test_packed_text_is_read(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / f"sales.csv.{suffix}").write_bytes(pack(TEXT.encode()))
    assert list(read.read(read.paths(tmp_path), HUTS).sales["Area"]) == ["100", "80"]


def test_a_zip_may_hold_several_files_and_what_macs_add(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("2023/a.csv", TEXT)
        archive.writestr("2024/b.csv", TEXT.replace(",", ";"))
        archive.writestr("__MACOSX/2023/._a.csv", b"\0\0")
    sales = read.read(read.paths(tmp_path), HUTS).sales
    assert list(sales[FILE]) == ["all.zip/2023/a.csv"] * 2 + ["all.zip/2024/b.csv"] * 2


def test_a_file_that_is_cut_off_says_so(tmp_path: Path) -> None:
    (tmp_path / "sales.csv.gz").write_bytes(gzip.compress(TEXT.encode() * 99)[:-20])
    with pytest.raises(SourceError, match=r"sales\.csv\.gz cannot be unpacked as gzip"):
        read.read(read.paths(tmp_path), HUTS)


def test_parquet_is_read_as_it_is_typed_beside_text(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(TEXT)
    frame = pd.read_csv(tmp_path / "b.csv")
    frame.assign(Area=[100.5, 80.0]).to_parquet(tmp_path / "a.parquet")
    raw = read.read([tmp_path / "a.parquet"], HUTS).sales
    assert raw["Area"].dtype == "float64"
    both = clean.clean(read.read(read.paths(tmp_path), HUTS).sales, HUTS)
    assert sorted(both.sales["area"]) == [80.0, 100.0, 100.5]


def test_numbers_of_a_workbook_are_read_with_any_decimal_mark_of_the_contract(tmp_path: Path) -> None:
    write(
        tmp_path / "sales.xlsx",
        [["Sales 2024"], HEADER.split(","), [100.5, 3, 1, None, "flat", "sea", "old", 9000]],
    )
    for decimal in ".,":
        huts = models.contract(decimal=decimal)
        raw = read.read(read.paths(tmp_path), huts).sales
        assert list(clean.clean(raw, huts).sales["area"]) == [100.5]
        assert list(raw[LINE]) == [3]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (".DS_Store", "a hidden file"),
        ("._sales.csv", "a hidden file"),
        ("~$sales.xlsx", "another program's lock or unfinished file"),
        (".~lock.sales.csv#", "another program's lock or unfinished file"),
        ("sales.csv.part", "another program's lock or unfinished file"),
        ("notes.pdf", "neither CSV or TSV (also gz, zst, zip, bz2 or xz), Parquet nor Excel, by its name"),
    ],
)
def test_what_is_no_sales_is_told_and_left_alone(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    (tmp_path / "sales.csv").write_text(TEXT)
    found = files.find(tmp_path)
    assert [path.name for path in found.sales] == ["sales.csv"]
    assert found.left == ((name, why),)
