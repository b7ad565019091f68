"""Numbers as people write them."""

import math

import pyarrow as pa
import pytest

from house_prices.sales import numbers


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1,234.5", ".", 1234.5),
        ("1.234,5", ",", 1234.5),
        ("1'234", ".", 1234),
        ("1\u2019234,5", ",", 1234.5),
        ("1\u00a0234", ".", 1234),
        ("1\u202f234,5", ",", 1234.5),
        ("12,34,567", ".", 1_234_567),
        ("391.000", ",", 391_000),
        ("391.000", ".", 391),
        ("1.234.567", ",", 1_234_567),
        ("$1,100", ".", 1100),
        ("R$ 1.234,50", ",", 1234.5),
        ("CHF 391'000.-", ".", 391_000),
        ("1234 EUR", ".", 1234),
        ("\u20ac 1 234", ",", 1234),
        ("120 m2", ".", 120),
        ("1,200 sqft", ".", 1200),
        ("12.5%", ".", 12.5),
        ("1e5", ".", 100_000),
        ("5.0E+1", ".", 50),
        ("+50", ".", 50),
        ("-5", ".", -5),
        ("\u22125", ".", -5),
        ("(1,234)", ".", -1234),
        ("391k", ".", 391_000),
        ("$1.2M", ".", 1_200_000),
        ("1.2 m", ".", 1.2),
    ],
)
def test_a_number_is_read(text: str, decimal: str, value: float) -> None:
    assert numbers.number(text, decimal=decimal) == value


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("1_38", "."),
        ("1,5", "."),
        ("1.234.567", "."),
        ("2024-05-01", "."),
        ("12-13", "."),
        ("n/d", "."),
        ("1,23,4", "."),
        ("$120 m2", "."),
        ("12 34", "."),
    ],
)
def test_what_is_no_number_is_none(text: str, decimal: str) -> None:
    assert numbers.number(text, decimal=decimal) is None


def test_another_unit_than_the_contracts_is_not_taken_for_it() -> None:
    assert numbers.number("1300 sqft", decimal=".", unit="m2") is None
    assert numbers.number("1300 sqft", decimal=".", unit="sq ft") == 1300
    assert numbers.number("\u20ac500", decimal=".", unit="USD") is None
    assert numbers.number("$500", decimal=".", unit="AUD") == 500


def test_many_are_read_at_once_and_alike() -> None:
    read = numbers.parse(pa.array(["1", "2.5", "big", "1,000"]), decimal=".")
    assert [None if math.isnan(value) else value for value in read] == [1, 2.5, None, 1000]


def test_marks_tell_which_is_the_decimal_one() -> None:
    seen = numbers.marks(["1,234.5", "0.5", "1.234.567", "391.000", "7"])
    assert (seen.point, seen.comma, seen.either) == (2, 1, ("391.000",))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("45,000 kms", 45_000),
        ("5.5 Lakh", 550_000),
        ("₹ 1.2 Cr", 12_000_000),
        ("3500万円", 35_000_000),
        ("12 млн ₽", 12_000_000),
        ("2.5 bn", 2_500_000_000),
        ("54 ㎡", 54),
    ],
)
def test_numbers_of_other_countries_are_read(text: str, value: float) -> None:
    assert numbers.number(text, decimal=".") == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "unit", "agrees"),
    [
        ("3 habitaciones", "habitaciones", True),
        ("1 habitación", "habitaciones", True),
        ("4 pièces", "pièce", True),
        ("3 baños", "habitaciones", False),
        ("34 sq m", "", False),
        ("$34", "", False),
        ("34", "m2", True),
        ("$34", "CAD", True),
        ("€34", "USD", False),
    ],
)
def test_what_stands_beside_a_number_is_the_contracts_unit_or_it_is_none(
    text: str, unit: str, agrees: bool
) -> None:
    assert (numbers.number(text, decimal=".", unit=unit) is not None) is agrees
