"""Text in a CSV stays text when a spreadsheet opens it."""

import pytest

from house_prices.sales import spreadsheet


@pytest.mark.parametrize(
    "cell", ["=1+1", "=HYPERLINK(0)", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "-", "+1-1"]
)
def test_a_formula_becomes_text(cell: str) -> None:
    assert spreadsheet.text(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["-5", "+3.5", "-1.234,5", "-1e5", "-12 %"[:3] + "%", "a=1", "", 5, -5.0, None]
)
def test_anything_else_stays_as_it_is(cell: object) -> None:
    assert spreadsheet.text(cell) == cell
