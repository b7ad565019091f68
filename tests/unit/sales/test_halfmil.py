"""The law of the HalfMil file."""

from pathlib import Path

import pandas as pd
import pytest

from house_prices.contract import reader
from house_prices.sales import clean, halfmil, read
from tests.clean_sales import ROOT

HEADER = (
    "Area,Garage,FirePlace,Baths,White Marble,Black Marble,Indian Marble,Floors,City,Solar,Electric,Fiber,"
    "Glass Doors,Swiming Pool,Garden,Prices"
)


def test_the_seeds_sample_house_costs_32_950() -> None:
    house = dict.fromkeys(halfmil.RANGES, 0) | {"Area": 120, "Garage": 1, "FirePlace": 1, "Baths": 2}
    house |= {"Indian Marble": 1, "Floors": 1, "City": 1, "Electric": 1, "Glass Doors": 1, "Garden": 1}
    assert halfmil.price(pd.DataFrame([house])).tolist() == [32_950]


def test_columns_stand_in_the_published_order() -> None:
    assert list(halfmil.generate(1, seed=0).columns) == HEADER.split(",")


def test_every_column_takes_all_of_its_whole_values_about_equally_often() -> None:
    sales = halfmil.generate(20_000, seed=0)
    for name, (low, high) in halfmil.RANGES.items():
        if name not in halfmil.MARBLES:
            assert sorted(sales[name].unique()) == list(range(low, high + 1))
            assert sales[name].mean() == pytest.approx((low + high) / 2, rel=0.03)


def test_a_house_has_exactly_one_marble() -> None:
    marbles = halfmil.generate(1000, seed=0)[list(halfmil.MARBLES)]
    assert set(marbles.sum(axis=1)) == {1}
    assert marbles.mean().min() > 0.28


def test_prices_spread_as_the_published_ones() -> None:
    prices = halfmil.generate(100_000, seed=0)["Prices"]
    assert prices.mean() == pytest.approx(42_043, rel=0.005)
    assert prices.std() == pytest.approx(12_102, rel=0.01)


def test_a_seed_makes_the_same_sales_again_and_another_makes_others() -> None:
    first = halfmil.generate(50, seed=7)
    pd.testing.assert_frame_equal(first, halfmil.generate(50, seed=7))
    assert not first.equals(halfmil.generate(50, seed=8))


def test_the_file_is_written_as_the_published_one(tmp_path: Path) -> None:
    path = tmp_path / "raw" / halfmil.FILE_NAME
    halfmil.write(path, rows=2, seed=0)
    first = ",".join(map(str, halfmil.generate(2, seed=0).iloc[0]))
    lines = path.read_bytes().decode().split("\n")
    assert lines[:2] == [HEADER, first]
    assert (len(lines), lines[3]) == (4, "")


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    halfmil.write(tmp_path / "sales.csv", rows=10, seed=0)
    assert [path.name for path in tmp_path.iterdir()] == ["sales.csv"]


def test_the_file_is_left_alone_where_writing_fails(tmp_path: Path) -> None:
    halfmil.write(tmp_path / "sales.csv", rows=10, seed=0)
    before = (tmp_path / "sales.csv").read_bytes()
    with pytest.raises(ValueError, match="negative"):
        halfmil.write(tmp_path / "sales.csv", rows=-1, seed=0)
    assert (tmp_path / "sales.csv").read_bytes() == before


def test_its_contract_keeps_all_but_outliers_and_duplicates(tmp_path: Path) -> None:
    contract = reader.read(ROOT / "data" / "halfmil" / "contract.toml")
    halfmil.write(tmp_path / "sales.csv", rows=20_000, seed=0)
    cleaned = clean.clean(read.read(read.paths(tmp_path), contract).sales, contract)
    assert set(clean.count_by_reason(cleaned.rejects)) <= {
        "a duplicate",
        "price: an outlier, beyond 1.5 interquartile ranges",
    }
    assert len(cleaned.sales) > 19_900
