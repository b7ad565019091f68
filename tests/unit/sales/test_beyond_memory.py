"""Beyond memory: DuckDB keeps, refuses and parts the same sales as pandas does in memory."""

import sys
from pathlib import Path

import pytest

from house_prices.contract import reader
from house_prices.contract.schema import Engine
from house_prices.errors import ContractError, SalesError
from house_prices.sales import beyond_memory, synthetic
from house_prices.sales.beyond_memory import batches, on_duckdb
from tests import sales_parity

DUCKDB = Engine(name="duckdb", master="")


@pytest.mark.parametrize("market", sales_parity.MARKETS.values(), ids=sales_parity.MARKETS)
def test_sales_are_the_same(
    market: sales_parity.Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "ROWS", 700)
    monkeypatch.setattr(on_duckdb, "MEMORY_MB", 200)
    sales_parity.assert_same(market, DUCKDB, tmp_path)


@pytest.mark.parametrize(("name", "module"), [("duckdb", "duckdb"), ("spark", "pyspark.sql")])
def test_without_an_engine_the_error_says_what_to_install(
    name: str, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    asked = reader.from_values({**synthetic.contract(8), "engine": {"name": name}}).engine
    install = rf"pip install 'house-prices\[{name}\]'"
    with pytest.raises(SalesError, match=install), beyond_memory.started(asked, tmp_path):
        pass


@pytest.mark.parametrize(
    ("engine", "fault"),
    [
        ({"name": "polars"}, r"engine\.name: came 'polars', allowed: one of pandas, duckdb, spark"),
        ({"name": "duckdb", "master": "local"}, r"engine\.master: came 'local', allowed: nothing, unless"),
    ],
)
def test_an_engine_that_there_is_not_is_refused(engine: dict[str, str], fault: str) -> None:
    with pytest.raises(ContractError, match=fault):
        reader.from_values({**synthetic.contract(8), "engine": engine})
