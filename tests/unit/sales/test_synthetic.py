"""Synthetic sales whose true price is known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from house_prices.contract import reader
from house_prices.sales import clean, read, synthetic


def drawn(rows: int, *, noise: float = 0.1, features: int = 8, seed: int = 0) -> pd.DataFrame:
    return pd.concat(synthetic.blocks(rows, noise=noise, features=features, seed=seed), ignore_index=True)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic, "BLOCK", 4000)
    monkeypatch.setattr(synthetic, "FILE_ROWS", 8000)


def test_the_true_price_follows_from_the_cells_of_a_file_and_noise_is_what_it_says(tmp_path: Path) -> None:
    synthetic.write(tmp_path, 12_000, noise=0.1, features=8)
    sales = pd.concat(map(pd.read_parquet, sorted(tmp_path.iterdir())), ignore_index=True)
    error = np.log(sales["Price"]) - synthetic.log_price(sales)
    assert len(sales) == 12_000
    assert error.std() == pytest.approx(0.1, rel=0.03)
    assert abs(error.mean()) < 0.003


def test_without_noise_prices_are_exact() -> None:
    sales = drawn(500, noise=0.0)
    assert np.log(sales["Price"]).to_numpy() == pytest.approx(synthetic.log_price(sales), abs=1e-6)


def test_a_longer_file_begins_with_the_same_sales() -> None:
    pd.testing.assert_frame_equal(drawn(5000), drawn(9000).iloc[:5000])
    assert not drawn(50).equals(drawn(50, seed=1))


def test_the_worth_of_quality_depends_on_the_area() -> None:
    base = drawn(1)
    worth = [
        np.diff(synthetic.log_price(pd.concat([base.assign(Area=area, Quality=q) for q in (4.0, 8.0)])))[0]
        for area in (60.0, 240.0)
    ]
    assert worth[1] > worth[0] + 0.1


def test_areas_and_prices_drift_and_cells_are_missing() -> None:
    sales = drawn(8000)
    early, late = sales[sales["Sold"].astype(str) < "2021"], sales[sales["Sold"].astype(str) >= "2024"]
    assert late["Area"].mean() > 1.05 * early["Area"].mean()
    assert late["Price"].median() > 1.2 * early["Price"].median()
    assert sales["Age"].isna().mean() == pytest.approx(synthetic.MISSING_AGE, abs=0.02)


def test_its_contract_refuses_little_but_what_is_written_twice(tmp_path: Path) -> None:
    contract = reader.from_values(synthetic.contract(7))
    synthetic.write(tmp_path, 4000, noise=0.1, features=7)
    cleaned = clean.clean(read.read(read.paths(tmp_path), contract).sales, contract)
    reasons = clean.count_by_reason(cleaned.rejects)
    assert 0 < reasons[clean.DUPLICATE] < 30
    assert clean.violations(reasons) == 0
    assert len(contract.features) == 7
    assert cleaned.sales["property"].duplicated().any()


def test_nothing_is_left_beside_the_files(tmp_path: Path) -> None:
    synthetic.write(tmp_path, 9000, noise=0.1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sales-0000.parquet", "sales-0001.parquet"]
