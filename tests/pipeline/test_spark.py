"""A market whose contract names Spark: the same sales and the same model, whatever dies."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import onnx
import pyarrow.parquet as pq
import pytest

from house_prices.contract.schema import Engine
from house_prices.errors import SalesError
from house_prices.evaluation.evaluate import Serve
from house_prices.sales import beyond_memory
from house_prices.sales.beyond_memory import batches
from house_prices.sales.beyond_memory.on_spark import Spark
from tests import cottages, sales_parity
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


def with_spark(
    home: Path, cluster: Cluster, serve: Serve, sales: list[cottages.Row] | None = None
) -> Workshop:
    named = f'\n[engine]\nname = "spark"\nmaster = "{cluster.address}"\n'
    cottages.write(home, contract=CONTRACT + named, sales=sales)
    return Workshop(home=home, serve=serve)


def stored(shop: Workshop, name: str) -> Path:
    return shop.home / "storage" / "assets" / cottages.NAME / f"{name}.parquet"


@pytest.mark.parametrize("market", sales_parity.MARKETS.values(), ids=sales_parity.MARKETS)
def test_sales_are_the_same(
    market: sales_parity.Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "ROWS", 700)
    sales_parity.assert_same(market, Engine(name="spark", master="local[2]"), tmp_path)


def test_a_cluster_publishes_the_same_model_as_pandas(cluster: Cluster, tmp_path: Path, serve: Serve) -> None:
    sales = [*cottages.law(), (70.0, 2, "thatch", 90_000), (1e6, 2, "flat", 90_000)]
    sales += sales[:3]
    cottages.write(tmp_path / "pandas", contract=CONTRACT, sales=sales)
    shops = [
        Workshop(home=tmp_path / "pandas", serve=serve),
        with_spark(tmp_path / "spark", cluster, serve, sales),
    ]
    assert all(shop.train().success for shop in shops)
    pandas, spark = (shop.registry.version(cottages.NAME, 1) for shop in shops)
    graphs = [onnx.load(version.model).graph.SerializeToString() for version in (pandas, spark)]
    assert graphs[0] == graphs[1]
    assert spark.manifest.data == pandas.manifest.data
    assert spark.manifest.golden == pandas.manifest.golden


@pytest.mark.parametrize("instant", ["table", "write"])
def test_a_run_goes_on_when_a_worker_dies(
    instant: str, cluster: Cluster, tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had written by then is on the disk that all share; what it was at is done by the other."""
    shop = with_spark(tmp_path, cluster, serve, cottages.law(3000, seed=1))
    asked, do = [], getattr(Spark, instant)

    def dying(self: Spark, *given: str) -> None:
        asked.append(given)
        if len(asked) == 2:
            threading.Timer(0.3, cluster.kill).start()
        do(self, *given)

    monkeypatch.setattr(Spark, instant, dying)
    assert shop.materialize(STEPS).success
    assert len(asked) > 2
    assert sum(beyond_memory.sample(stored(shop, "splits")).attrs["parts"].values()) == 3000


def test_a_killed_run_leaves_the_last_assets_and_the_next_makes_new_ones(
    cluster: Cluster, tmp_path: Path, serve: Serve
) -> None:
    shop = with_spark(tmp_path, cluster, serve)
    assert shop.materialize(STEPS).success
    before = stored(shop, "splits").read_bytes()
    cottages.write_sales(shop.sales, cottages.law(3000, seed=1))
    assert shop.materialize(["raw_sales"]).success
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith("table links"))
        os.kill(process.pid, signal.SIGKILL)
    assert stored(shop, "splits").read_bytes() == before
    assert pq.read_metadata(stored(shop, "clean_sales")).num_rows == 3000
    assert shop.materialize(STEPS).success
    assert sum(beyond_memory.sample(stored(shop, "splits")).attrs["parts"].values()) == 3000
    assert not [*(tmp_path / "storage" / "work").rglob("*.*")]


def test_a_master_that_does_not_answer_is_named(tmp_path: Path) -> None:
    nowhere = Engine(name="spark", master="spark://127.0.0.1:1")
    with pytest.raises(SalesError, match=r"master: came 'spark://127\.0\.0\.1:1', and no such"):
        beyond_memory.started(nowhere, tmp_path).__enter__()


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
