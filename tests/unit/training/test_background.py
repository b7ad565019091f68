"""The training sales that stand for all of them."""

import numpy as np
import pytest

from house_prices.training.background import ROWS, background
from house_prices.training.features import Inputs
from tests import models

FLAGS = [
    {"name": name, "column": name, "number": at, "kind": "flag"}
    for at, name in enumerate(("oak", "tiles", "garden", "stone"), start=1)
]
CONTRACT = models.contract(features=FLAGS)


def floors(rows: int) -> Inputs:
    """Each house has one of three floors, and some have a garden."""
    draw = np.random.default_rng(0)
    floor = draw.integers(0, 3, rows)
    columns = [floor == 0, floor == 1, draw.random(rows) < 0.5, floor == 2]
    return Inputs(numbers=np.array(columns, np.float32).T, categories=np.empty((rows, 0), object))


def test_flags_of_which_exactly_one_is_true_are_found() -> None:
    assert background(floors(500), np.arange(500.0), CONTRACT).one_of == (("oak", "tiles", "stone"),)


def test_flags_that_are_all_false_in_one_sale_are_not_one_choice() -> None:
    houses = floors(500)
    houses.numbers[7] = 0
    assert background(houses, np.arange(500.0), CONTRACT).one_of == ()


def test_it_has_cheap_and_dear_sales() -> None:
    houses, price = floors(5000), np.random.default_rng(1).permutation(5000)
    houses.numbers[:, 0] = price
    spread = sorted(row[0] for row in background(houses, price.astype(float), CONTRACT).numbers)
    assert len(spread) == ROWS
    assert np.diff(spread) == pytest.approx(5000 / ROWS, abs=2)


def test_of_few_sales_all_are_typical() -> None:
    assert len(background(floors(10), np.arange(10.0), CONTRACT).numbers) == 10
