"""One value as a person types it on the command line."""

from typing import Any

import pytest

from house_prices.contract.schema import Contract
from house_prices.errors import SalesError
from house_prices.sales import value
from tests import models


def read(text: str, name: str, contract: Contract | None = None) -> Any:
    of = contract or models.contract()
    return value.read(text, next(feature for feature in of.features if feature.name == name), of)


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("120", "area", 120.0),
        ("1e2", "area", 100.0),
        ("120 m2", "area", 120.0),
        ("120 sqm", "area", 120.0),
        ("1,000", "area", 1000.0),
        (" 3 ", "rooms", 3.0),
        ("yes", "garden", True),
        ("Nein", "garden", False),
        ("flat ", "roof", "flat"),
        ("NA", "age", None),
        ("", "age", None),
    ],
)
def test_a_value_is_read_as_a_cell_is(text: str, name: str, found: object) -> None:
    assert read(text, name) == found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *((text, "area") for text in ("1_000", "120 sq ft", "120,5", "inf", "5000", "0x10")),
        ("3.5", "rooms"),
        ("maybe", "garden"),
        ("thatch", "roof"),
    ],
)
def test_what_no_cell_may_say_is_refused_with_what_is_allowed(text: str, name: str) -> None:
    with pytest.raises(SalesError, match=f"^{name}: came '{text}', allowed: "):
        read(text, name)


def test_a_decimal_comma_is_read_where_the_contract_has_one_and_told_of() -> None:
    german = models.contract(decimal=",")
    assert (read("120,5", "area", german), read("1.000", "area", german)) == (120.5, 1000.0)
    with pytest.raises(SalesError, match="with a comma before the decimals"):
        read("120.5", "area", german)


def test_a_word_of_the_contracts_for_nothing_known_is_nothing_known() -> None:
    assert read("Unbekannt", "age", models.contract(empty=["unbekannt"])) is None
