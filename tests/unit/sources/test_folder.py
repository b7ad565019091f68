"""Sales in another folder than raw/, and by a pattern."""

from pathlib import Path

import pytest

from house_prices import sources
from house_prices.errors import SourceError
from tests import cottages
from tests.sources import market


def test_a_folder_beside_the_contract(tmp_path: Path) -> None:
    contract, folder = market(tmp_path, "exports/")
    (folder / "exports").mkdir()
    cottages.write_sales(folder / "exports" / "2024.csv", cottages.law(20))
    assert len(sources.sales(contract, folder).sales) == 20
    assert sources.address(contract, folder) == f"{folder}/exports"


def test_a_pattern_takes_what_matches(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("sales-1.csv", "sales-2.csv", "rents.csv"):
        cottages.write_sales(elsewhere / name, cottages.law(20))
    contract, folder = market(tmp_path, f"file://{elsewhere}/sales-*.csv")
    assert [file.name for file in sources.sales(contract, folder).files] == ["sales-1.csv", "sales-2.csv"]


def test_a_pattern_that_nothing_matches_is_named(tmp_path: Path) -> None:
    contract, folder = market(tmp_path, "exports/*.csv")
    with pytest.raises(SourceError, match=r"exports/\*.csv is no folder, and no file of sales matches it"):
        sources.sales(contract, folder)


def test_the_stamp_changes_with_a_file(tmp_path: Path) -> None:
    contract, folder = market(tmp_path, "")
    cottages.write_sales(folder / "raw" / "a.csv", cottages.law(20))
    before = sources.stamp(contract, folder)
    assert sources.stamp(contract, folder) == before
    cottages.write_sales(folder / "raw" / "a.csv", cottages.law(21))
    assert sources.stamp(contract, folder) != before
