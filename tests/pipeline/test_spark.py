"""Spark keeps, refuses and parts the same sales as pandas does in memory."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import pytest

from house_prices.contract.schema import Engine
from house_prices.sales.beyond_memory import batches
from tests import sales_parity

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


@pytest.fixture(scope="module", autouse=True)
def for_few_sales(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Spark's own settings, as its users write them."""
    folder = tmp_path_factory.mktemp("spark")
    (folder / "spark-defaults.conf").write_text(SETTINGS)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SPARK_CONF_DIR", str(folder))
        patched.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        yield


@pytest.mark.parametrize("market", sales_parity.MARKETS.values(), ids=sales_parity.MARKETS)
def test_sales_are_the_same(
    market: sales_parity.Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "ROWS", 700)
    sales_parity.assert_same(market, Engine(name="spark", master="local[2]"), tmp_path)
