"""A market whose contract names DuckDB: the assets of one that fits into memory, and accidents on the way."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pyarrow.parquet as pq
import pytest

from house_prices.evaluation.evaluate import Serve
from house_prices.sales.beyond_memory import sample
from house_prices.sales.columns import GROUP, PART
from house_prices.training import fitting
from tests import cottages
from tests.workshop import Workshop

CONTRACT = cottages.CONTRACT.replace("maximum = 1000\n", "maximum = 100_000\n")
DUCKDB = '\n[engine]\nname = "duckdb"\n'
STEPS = ("raw_sales", "clean_sales", "splits")
PROGRAM = """
import resource, sys
from pathlib import Path
from house_prices.sales.beyond_memory.on_duckdb import DuckDB
from tests.workshop import Workshop
home, full = Path(sys.argv[1]), sys.argv[2]
def fill_disk():
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
if full == "read":
    fill_disk()
for name in ("open", "table", "write"):
    def told(self, *given, name=name, do=getattr(DuckDB, name)):
        if name == full:
            fill_disk()
        print(name, given[0] if name == "table" else "", flush=True)
        return do(self, *given)
    setattr(DuckDB, name, told)
found = Workshop(home=home).materialize(("raw_sales", "clean_sales", "splits"))
sys.exit(0 if found.success else 3)
"""


def with_duckdb(
    home: Path, serve: Serve, sales: list[cottages.Row] | None = None, more: str = ""
) -> Workshop:
    cottages.write(home, contract=CONTRACT + DUCKDB + more, sales=sales)
    return Workshop(home=home, serve=serve)


def stored(shop: Workshop, name: str) -> Path:
    return shop.home / "storage" / "assets" / cottages.NAME / f"{name}.parquet"


def contents(shop: Workshop) -> dict[str, bytes]:
    rejects = shop.home / "storage" / "rejects" / f"{cottages.NAME}.csv"
    return {path.name: path.read_bytes() for path in [*(stored(shop, name) for name in STEPS), rejects]}


@pytest.fixture
def both(tmp_path: Path, serve: Serve) -> Mapping[str, Workshop]:
    """The same sales trained by both engines, some of them refused or twice there."""
    sales = [*cottages.law(), (70.0, 2, "thatch", 90_000), (1e6, 2, "flat", 90_000)]
    sales += sales[:3]
    cottages.write(tmp_path / "pandas", contract=CONTRACT, sales=sales)
    shops = {
        "pandas": Workshop(home=tmp_path / "pandas", serve=serve),
        "duckdb": with_duckdb(tmp_path / "duckdb", serve, sales),
    }
    for shop in shops.values():
        assert shop.train().success
    return shops


def test_both_engines_publish_the_same_model_of_the_same_sales(both: Mapping[str, Workshop]) -> None:
    pandas, duckdb = (both[name].registry.version(cottages.NAME, 1) for name in ("pandas", "duckdb"))
    graphs = [onnx.load(version.model).graph.SerializeToString() for version in (pandas, duckdb)]
    assert graphs[0] == graphs[1]
    assert duckdb.manifest.data == pandas.manifest.data
    assert duckdb.manifest.golden == pandas.manifest.golden
    frames = [
        pd.read_csv(shop.home / "storage" / "rejects" / f"{cottages.NAME}.csv").sort_values("_line")
        for shop in both.values()
    ]
    pd.testing.assert_frame_equal(*(frame.reset_index(drop=True) for frame in frames))


def test_dagster_tells_the_same_of_both_engines(both: Mapping[str, Workshop]) -> None:
    told = []
    for shop in both.values():
        records = [
            shop.instance.get_latest_materialization_event(key)
            for key in (shop._keys([name])[0] for name in STEPS)
        ]
        metadata = [record.asset_materialization.metadata for record in records]  # type: ignore[union-attr]
        told.append(
            [{k: v for k, v in of.items() if k not in ("path", "source", "source_stamp")} for of in metadata]
        )
        told[-1][1].pop("rejects_file")
    assert told[0] == told[1]
    assert told[0][1]["rejected"].value == 5


def test_sales_that_are_many_are_sampled_by_part_and_property(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = with_duckdb(tmp_path, serve, cottages.law(4000))
    assert shop.materialize(STEPS).success
    monkeypatch.setattr("house_prices.sales.beyond_memory.samples.MOST", 300)
    every = pq.read_table(stored(shop, "splits")).to_pandas()
    some = sample(stored(shop, "splits"))
    assert some.attrs["parts"] == every[PART].value_counts().to_dict()
    sizes = some[PART].value_counts()
    assert sizes.between(230, 370).all()
    assert not some[GROUP].duplicated().any()
    assert some[GROUP].is_monotonic_increasing
    assert set(some["price"]) < set(every["price"])


def test_training_takes_no_more_sales_than_help(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prices by a linear law need few sales; the curve says so and is kept with the model."""
    for name in ("_FEWEST", "_JUDGED"):
        monkeypatch.setattr(fitting, name, 100)
    contract = CONTRACT.replace("folds = 3", "folds = 3\nleast_gain = 0.05") + DUCKDB
    cottages.write(tmp_path, contract=contract, sales=cottages.law(4000, noise=0.3))
    shop = Workshop(home=tmp_path, serve=serve)
    assert shop.train().success
    manifest = shop.registry.version(cottages.NAME, 1).manifest
    curve = manifest.training["learning_curve"]
    assert [point["rows"] for point in curve][:2] == [100, 200]
    assert manifest.training["rows"] == curve[-1]["rows"] < 2000
    *_, before, last = (point["rmsle"] for point in curve)
    assert 1 - last / before < 0.05
    assert np.isfinite(last)


def dying(shop: Workshop, *, full: str = "") -> subprocess.Popen[str]:
    """A run that tells of each of its steps, and that finds the disk full from one on."""
    command = [sys.executable, "-c", PROGRAM, str(shop.home), full]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("instant", ["open", "table again", "table links", "write"])
def test_a_kill_leaves_the_last_assets_and_the_next_run_makes_new_ones(
    instant: str, tmp_path: Path, serve: Serve
) -> None:
    shop = with_duckdb(tmp_path, serve)
    assert shop.materialize(STEPS).success
    before = contents(shop)
    cottages.write_sales(shop.sales, cottages.law(30_000, seed=1))
    with dying(shop) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith(instant))
        time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    killed = contents(shop)
    assert killed["splits.parquet"] == before["splits.parquet"]
    assert all(len(pq.read_table(stored(shop, name))) in (300, 30_000) for name in STEPS)
    assert shop.materialize(STEPS).success
    assert sum(sample(stored(shop, "splits")).attrs["parts"].values()) == 30_000
    assert not [*(tmp_path / "storage" / "work").rglob("*.*")]


@pytest.mark.parametrize("full", ["read", "table", "write"])
def test_on_a_full_disk_the_last_assets_stay(full: str, tmp_path: Path, serve: Serve) -> None:
    shop = with_duckdb(tmp_path, serve)
    assert shop.materialize(STEPS).success
    before = contents(shop)
    cottages.write_sales(shop.sales, cottages.law(30_000, seed=1))
    process = dying(shop, full=full)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 3
    assert "File too large" in error
    after = contents(shop)
    assert after["splits.parquet"] == before["splits.parquet"]
    assert (after["raw_sales.parquet"] == before["raw_sales.parquet"]) == (full == "read")
    assert after["clean_sales.parquet"] == before["clean_sales.parquet"]
    assert not [*(tmp_path / "storage" / "work").rglob("*.*")]


def test_too_many_rejects_stop_a_run_before_it_trains(tmp_path: Path, serve: Serve) -> None:
    sales = [(*row[:2], "thatch", row[3]) for row in cottages.law(200)]
    shop = with_duckdb(tmp_path, serve, [*cottages.law(300), *sales])
    found = shop.materialize(STEPS)
    assert not found.success
    (failure,) = found.filter_events(lambda event: event.is_step_failure)
    assert "roof: not one of its choices (200)" in str(failure.event_specific_data)
    assert not stored(shop, "clean_sales").exists()
