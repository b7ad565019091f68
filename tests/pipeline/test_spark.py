"""A market whose contract names Spark: the same sales and the same model, whatever dies."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import onnx
import pyarrow.parquet as pq
import pytest

from house_prices.contract.schema import Engine
from house_prices.errors import SalesError, SourceError
from house_prices.evaluation.evaluate import Serve
from house_prices.sales import beyond_memory
from house_prices.sales.beyond_memory import batches
from house_prices.sales.beyond_memory.on_spark import Spark
from tests import cottages, disks, sales_parity
from tests.spark_cluster import Cluster
from tests.workshop import Workshop

pytestmark = pytest.mark.skipif(
    not (find_spec("pyspark") and which("java")),
    reason="Spark is not installed: pip install 'house-prices[spark]', and Java 17",
)
SETTINGS = """\
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1
spark.executor.extraJavaOptions -XX:TieredStopAtLevel=1
spark.executor.memory 512m
spark.sql.shuffle.partitions 4
"""
LOCAL = "local[2]"
CONTRACT = cottages.CONTRACT.replace("maximum = 1000\n", "maximum = 100_000\n")
STEPS = ("raw_sales", "clean_sales", "splits")
PROGRAM = """
import sys
from pathlib import Path
from house_prices.sales.beyond_memory.on_spark import Spark
from tests.workshop import Workshop
for name in ("table", "write"):
    def told(self, *given, name=name, do=getattr(Spark, name)):
        print(name, given[0] if name == "table" else "", flush=True)
        return do(self, *given)
    setattr(Spark, name, told)
Workshop(home=Path(sys.argv[1])).materialize(("clean_sales", "splits"))
"""


@pytest.fixture(scope="module", autouse=True)
def for_few_sales(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Spark's own settings, as its users write them."""
    folder = tmp_path_factory.mktemp("spark")
    (folder / "spark-defaults.conf").write_text(SETTINGS)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SPARK_CONF_DIR", str(folder))
        patched.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        yield


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "cluster"
    folder.mkdir()
    with Cluster(folder) as started:
        for _ in range(2):
            started.start_worker()
        yield started


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """One of 4 MB, for a project."""
    with disks.small(tmp_path / "disk", "4m") as folder:
        yield folder


def shop(home: Path, serve: Serve, sales: list[cottages.Row], engine: str = "") -> Workshop:
    """A market with two raw files."""
    cottages.write(home, contract=CONTRACT + engine, sales=sales[::2])
    made = Workshop(home=home, serve=serve)
    cottages.write_sales(made.raw / "more.csv", sales[1::2])
    return made


def with_spark(home: Path, master: str, serve: Serve, sales: list[cottages.Row]) -> Workshop:
    return shop(home, serve, sales, f'\n[engine]\nname = "spark"\nmaster = "{master}"\n')


def stored(shop: Workshop, name: str) -> Path:
    return shop.home / "storage" / "assets" / cottages.NAME / f"{name}.parquet"


@pytest.mark.parametrize("market", sales_parity.MARKETS.values(), ids=sales_parity.MARKETS)
def test_sales_are_the_same(
    market: sales_parity.Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "ROWS", 700)
    sales_parity.assert_same(market, Engine(name="spark", master=LOCAL), tmp_path)


def test_a_cluster_publishes_the_same_model_as_pandas(cluster: Cluster, tmp_path: Path, serve: Serve) -> None:
    sales = [*cottages.law(), (70.0, 2, "thatch", 90_000), (1e6, 2, "flat", 90_000)]
    sales += sales[:3]
    shops = [
        shop(tmp_path / "pandas", serve, sales),
        with_spark(tmp_path / "spark", cluster.address, serve, sales),
    ]
    assert all(each.train().success for each in shops)
    pandas, spark = (each.registry.version(cottages.NAME, 1) for each in shops)
    graphs = [onnx.load(version.model).graph.SerializeToString() for version in (pandas, spark)]
    assert graphs[0] == graphs[1]
    assert spark.manifest.data == pandas.manifest.data
    assert spark.manifest.golden == pandas.manifest.golden


@pytest.mark.parametrize("instant", ["each", "write"])
def test_a_run_goes_on_when_a_worker_dies(
    instant: str, cluster: Cluster, tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had written by then is on the disk that all share; what it was at is done by the other."""
    market = with_spark(tmp_path, cluster.address, serve, cottages.law(3000, seed=1))
    asked, do = [], getattr(Spark, instant)

    def dying(self: Spark, *given: object) -> object:
        asked.append(given)
        if len(asked) == 2:
            threading.Timer(0.3, cluster.kill).start()
        return do(self, *given)

    monkeypatch.setattr(Spark, instant, dying)
    assert market.materialize(STEPS).success
    assert len(asked) >= 2
    assert sum(beyond_memory.sample(stored(market, "splits")).attrs["parts"].values()) == 3000


def test_a_killed_run_leaves_the_last_assets_and_the_next_makes_new_ones(
    cluster: Cluster, tmp_path: Path, serve: Serve
) -> None:
    market = with_spark(tmp_path, LOCAL, serve, cottages.law(300))
    assert market.materialize(STEPS).success
    before = stored(market, "splits").read_bytes()
    with_spark(tmp_path, LOCAL, serve, cottages.law(3000, seed=1))
    assert market.materialize(["raw_sales"]).success
    with_spark(tmp_path, cluster.address, serve, cottages.law(3000, seed=1))
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith("table links"))
        os.kill(process.pid, signal.SIGKILL)
    assert stored(market, "splits").read_bytes() == before
    assert pq.read_metadata(stored(market, "clean_sales")).num_rows == 3000
    assert market.materialize(STEPS).success
    assert sum(beyond_memory.sample(stored(market, "splits")).attrs["parts"].values()) == 3000
    assert not [*(tmp_path / "storage" / "work").rglob("*.*")]


@pytest.mark.parametrize("instant", ["each", "write"])
def test_on_a_full_disk_the_last_assets_stay_and_the_next_run_makes_new_ones(
    instant: str, disk: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    market = with_spark(disk, LOCAL, serve, cottages.law(300))
    assert market.materialize(STEPS).success
    steps = STEPS if instant == "each" else STEPS[1:]
    before = {name: stored(market, name).read_bytes() for name in steps}
    with_spark(disk, LOCAL, serve, cottages.law(3000, seed=1))
    do = getattr(Spark, instant)

    def on_a_full_disk(self: Spark, *given: object) -> object:
        disks.fill(disk, but=20_000)
        return do(self, *given)

    with monkeypatch.context() as patched:
        patched.setattr(Spark, instant, on_a_full_disk)
        failed = market.materialize(STEPS)
    (failure,) = failed.filter_events(lambda event: event.is_step_failure)
    assert "No space left on device" in str(failure.event_specific_data)
    assert not [*(disk / "storage" / "work").rglob("*.*")]
    assert {name: stored(market, name).read_bytes() for name in steps} == before
    (disk / "filler").unlink()
    assert market.materialize(STEPS).success
    assert sum(beyond_memory.sample(stored(market, "splits")).attrs["parts"].values()) == 3000


def test_a_file_that_a_worker_cannot_read_is_named(tmp_path: Path) -> None:
    files, contract = sales_parity.text_in_one_file(tmp_path)
    (tmp_path / "c.csv").write_text("Area;Rooms\n1;2\n")
    local = replace(contract, engine=Engine(name="spark", master=LOCAL))
    with pytest.raises(SourceError, match=r"c\.csv"):
        beyond_memory.read([*files, tmp_path / "c.csv"], local, tmp_path)


def test_a_master_that_does_not_answer_is_named_and_another_may_be_asked(tmp_path: Path) -> None:
    nowhere = Engine(name="spark", master="spark://127.0.0.1:1")
    with pytest.raises(SalesError, match=r"master: came 'spark://127\.0\.0\.1:1', and no such"):
        beyond_memory.started(nowhere, tmp_path).__enter__()
    with beyond_memory.started(Engine(name="spark", master="local[1]"), tmp_path) as spark:
        assert spark.row("SELECT 1") == (1,)


def test_without_java_the_error_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from house_prices.sales.beyond_memory import on_spark; "
        "on_spark.started(Path(sys.argv[1]), '').__enter__()"
    )
    environment = os.environ | {"JAVA_HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], env=environment, capture_output=True, text=True
    )
    assert (
        "SalesError: [engine] name: came 'spark', and Spark did not start. It needs Java 17" in ended.stderr
    )
