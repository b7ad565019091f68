"""Files as people have them, each with the reading that is right: see fixtures/cases."""

import tomllib
from pathlib import Path

import pandas as pd
import pytest

from house_prices import contract_draft
from house_prices.contract import reader
from house_prices.contract.schema import Contract
from house_prices.errors import ContractError
from house_prices.sales import clean, read
from house_prices.sales.columns import CELL, COLUMN, FILE, LINE, REASON

CASES = Path(__file__).parents[2] / "fixtures" / "cases"


def drafted(name: str, target: str = "price", answer: str = "") -> tuple[Contract, str]:
    """The contract of a file, with one answer to whatever is asked."""
    text = contract_draft.draft(CASES / f"{name}.csv", target)
    return reader.from_values(tomllib.loads(text.replace('"?"', f'"{answer}"'))), text


def cleaned(contract: Contract, *names: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The sales and the rejects of files that are read together."""
    raw = read.read([CASES / f"{name}.csv" for name in names], contract)
    parted = clean.clean(raw.sales, contract)
    return parted.sales, parted.rejects


@pytest.mark.parametrize(
    ("name", "target"),
    [
        *((name, "price") for name in ("D_header_newline", "J_sep", "M_spacehdr", "M_title2", "Q_monthly_1")),
        *((name, "price") for name in ("L_units", "H_choices", "Q_numbers_empty")),
        ("N_ch", "prix"),
        ("B_comma_mixed", "preis"),
    ],
)
def test_an_unedited_draft_reads_every_sale(name: str, target: str) -> None:
    contract, _ = drafted(name, target)
    sales, rejects = cleaned(contract, name)
    assert len(sales) + (rejects[REASON] == "a duplicate").sum() == 300
    assert sales["price"].between(50_000, 2_000_000).all()


def test_thousands_that_may_be_decimals_are_asked_and_check_refuses_until_answered() -> None:
    with pytest.raises(ContractError, match=r"decimal: is still a question\. Write .* 391 thousand"):
        drafted("A_de_thousands", answer="?")
    contract, text = drafted("A_de_thousands", answer=",")
    assert "# decide: which mark has decimals after it? In 391.000 it may be one of thousands" in text
    assert cleaned(contract, "A_de_thousands")[0]["price"].iloc[0] == 391_000


def test_a_decimal_comma_and_a_point_of_thousands_are_read_alike_by_draft_and_cleaning() -> None:
    contract, _ = drafted("B_comma_mixed", "preis")
    sales, _ = cleaned(contract, "B_comma_mixed")
    assert (sales["flaeche"].iloc[0], sales["grundstueck"].iloc[0], sales["price"].iloc[0]) == (
        127.5,
        1200.0,
        391_000.0,
    )


@pytest.mark.parametrize(
    ("names", "place", "reason"),
    [
        (("Q_monthly_1", "Q_monthly_2"), ("Q_monthly_2.csv", "area", "n/d"), "area: not a number"),
        (("C1_2019", "C2_new"), ("C2_new.csv", "sale_date", "pending"), "sold: not a date"),
        (("O_onebad_first",), ("O_onebad_first.csv", "sale_date", "0000-00-00"), "sold: not a date"),
    ],
)
def test_one_bad_cell_is_one_reject_with_its_file_line_column_and_text(
    names: tuple[str, ...], place: tuple[str, str, str], reason: str
) -> None:
    contract, _ = drafted(names[0])
    _, rejects = cleaned(contract, *names)
    (bad,) = rejects[rejects[REASON] != "a duplicate"].to_dict("records")
    assert (bad[FILE], bad[COLUMN], bad[CELL]) == place
    assert bad[REASON] == reason
    line = (CASES / place[0]).read_text().splitlines()[bad[LINE] - 1]
    assert place[2] in line


def test_a_line_of_totals_is_told_refused_and_makes_no_feature_optional() -> None:
    contract, text = drafted("E_totals")
    assert "# Line 302 is no sale but a line of totals: Total,,,,140063000" in text
    assert all(feature.required for feature in contract.features)
    _, rejects = cleaned(contract, "E_totals")
    assert clean.count_by_reason(rejects) == {"a line of totals": 1}


def test_a_bad_date_leaves_the_dates_and_is_named() -> None:
    contract, text = drafted("O_onebad_first")
    assert contract.keys.sold == ("sale_date",)
    assert "# 1 are no dates, such as '0000-00-00'; their sales are refused." in text


def test_units_and_currencies_are_recognized() -> None:
    contract, _ = drafted("L_units")
    assert [(f.name, f.unit) for f in contract.features if f.unit] == [("area", "m2"), ("fee", "USD")]
    sales, _ = cleaned(contract, "L_units")
    assert (sales["area"].iloc[0], sales["fee"].iloc[0]) == (124.0, 1100.0)


def test_title_lines_are_told() -> None:
    assert "# Above the header stands: Sales report 2024,,," in drafted("M_title2")[1]


def test_choices_with_quotes_newlines_and_emoji_are_kept() -> None:
    contract, _ = drafted("H_choices")
    assert {'Flat "A"', "back\\slash", "two\nlines"} <= set(contract.features[2].choices)


def test_empty_numbers_stay_unknown() -> None:
    contract, _ = drafted("Q_numbers_empty")
    assert cleaned(contract, "Q_numbers_empty")[0]["rooms"].isna().sum() == 15
