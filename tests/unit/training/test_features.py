"""Sales as the arrays that training, export and serving share."""

import numpy as np
import pandas as pd

from house_prices.training.features import inputs, prices
from tests import models

HUTS = models.contract()
SALES = pd.DataFrame(
    {
        "price": [150_000.0, 90_000.0],
        "style": ["old", None],
        "view": ["sea", "none"],
        "roof": ["flat", "ça"],
        "age": [20.0, np.nan],
        "garden": [1.0, 0.0],
        "rooms": [3.0, 2.0],
        "area": [100.1, 80.0],
    }
)


def test_numbers_are_float32_in_the_contracts_order_with_nan_for_what_is_missing() -> None:
    found = inputs(SALES, HUTS).numbers
    expected = np.array([[100.1, 3, 1, 20], [80, 2, 0, np.nan]], np.float32)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float32


def test_categories_are_text_in_the_contracts_order_with_nothing_for_what_is_missing() -> None:
    assert inputs(SALES, HUTS).categories.tolist() == [["flat", "sea", "old"], ["ça", "none", ""]]


def test_joined_has_the_numbers_first_then_the_categories() -> None:
    assert inputs(SALES, HUTS).joined[0].tolist() == [np.float32(100.1), 3, 1, 20, "flat", "sea", "old"]


def test_without_categories_there_is_one_input_of_numbers() -> None:
    houses = inputs(SALES, models.contract(features=models.HUTS["features"][:2]))  # type: ignore[index]
    assert list(houses.feeds) == ["numbers"]
    assert houses.joined is houses.numbers


def test_some_rows_are_inputs_too() -> None:
    some = inputs(SALES, HUTS)[1:]
    assert len(some) == 1
    assert some.feeds["categories"].tolist() == [["ça", "none", ""]]


def test_prices_are_float64() -> None:
    found = prices(SALES, HUTS)
    assert found.tolist() == [150_000.0, 90_000.0]
    assert found.dtype == np.float64
