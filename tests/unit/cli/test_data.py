"""`house-prices data`."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from house_prices.cli.main import main
from house_prices.contract import reader
from house_prices.sales import synthetic


def test_synthetic_writes_a_market_with_its_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic, "BLOCK", 100)
    market = tmp_path / "data" / "synthetic"
    (market / "raw").mkdir(parents=True)
    (market / "raw" / "sales-0009.parquet").write_bytes(b"of an earlier, longer one")
    arguments = ["--home", str(tmp_path), "data", "synthetic", "--rows", "150", "--features", "9"]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert "Wrote 150 sales in 1 files" in result.output
    assert [path.name for path in (market / "raw").iterdir()] == ["sales-0000.parquet"]
    assert len(reader.read(market / "contract.toml").features) == 9
