"""Houses to price out of files as people have them."""

import tomllib
from pathlib import Path

import pytest

from house_prices import contract_draft
from house_prices.contract import reader
from house_prices.contract.schema import Contract
from house_prices.errors import SourceError
from house_prices.sales import houses

CASES = Path(__file__).parents[2] / "fixtures" / "cases"
HOUSE = {"area": 138.0, "rooms": 1.0, "city": "Norte"}


@pytest.fixture(scope="module")
def market() -> Contract:
    return reader.from_values(tomllib.loads(contract_draft.draft(CASES / "Q_monthly_1.csv", "price")))


@pytest.mark.parametrize("name", ["p_latin1", "p_again", "p_space", "p_case"])
def test_a_file_is_read_as_training_reads_it(name: str, market: Contract) -> None:
    found = houses.load(CASES / f"{name}.csv", market)
    assert found.faults == ()
    assert [row.house for row in found.rows] == [HOUSE]


def test_semicolons_are_found_and_kept_for_the_copy(market: Contract) -> None:
    found = houses.load(CASES / "p_semicolon.csv", market)
    assert (found.separator, [row.line for row in found.rows]) == (";", [2, 3, 4])
    assert found.rows[0].cells == ("127", "2", "Leste", "391.000")


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("p_ragged", ["line 3: more or fewer cells than the header: 120,2,Sul,x,oops"]),
        ("p_na", ["line 3: rooms: came 'NA', allowed: a whole number from 0 to 9"]),
        ("p_under", ["line 3: area: came '1_38', allowed: a whole number from 0 to 400"]),
        (
            "p_bad",
            [
                "line 3: city: came 'Xyz', allowed: one of Centro, Leste, Norte, Sul",
                "line 4: city: came 'Abc', allowed: one of Centro, Leste, Norte, Sul",
            ],
        ),
    ],
)
def test_faults_name_the_line_of_the_file(name: str, faults: list[str], market: Contract) -> None:
    assert list(houses.load(CASES / f"{name}.csv", market).faults) == faults


@pytest.mark.parametrize(
    ("name", "message"), [("p_dup", "the header 'area' stands twice"), ("p_empty", "p_empty.csv is empty")]
)
def test_a_file_that_is_no_such_table_is_refused(name: str, message: str, market: Contract) -> None:
    with pytest.raises(SourceError, match=message):
        houses.load(CASES / f"{name}.csv", market)


def test_a_missing_column_is_named(tmp_path: Path, market: Contract) -> None:
    (tmp_path / "in.csv").write_text("area,rooms\n1,2\n")
    with pytest.raises(
        SourceError, match=r"in\.csv, line 1: no column for city\. The file has: area, rooms\."
    ):
        houses.load(tmp_path / "in.csv", market)
