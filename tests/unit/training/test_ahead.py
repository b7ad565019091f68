"""Errors by how far ahead of the newest known sale."""

import numpy as np
import pytest

from house_prices.training import train
from house_prices.training.ahead import by_ahead
from tests import dated_huts, models
from tests.hut_sales import sales as undated


def test_sales_are_put_together_by_how_far_ahead_they_are() -> None:
    days = np.array([1.0, 30.0, 31.0, 45.0])
    near, far = by_ahead(days, np.full(4, 100.0), np.array([100.0, 100.0, 90.0, 80.0]))
    assert (near.days, near.sales, near.rmsle, near.median_ratio) == (30, 2, 0.0, 1.0)
    assert (far.days, far.sales, far.median_ratio) == (45, 2, pytest.approx(0.85))


def test_no_sales_have_no_errors() -> None:
    assert by_ahead(np.empty(0), np.empty(0), np.empty(0)) == []


def test_a_training_with_dates_tells_its_errors_ahead_and_one_without_has_none() -> None:
    told: list[str] = []
    found = train.train(dated_huts.sales(), dated_huts.contract("none", "index"), told.append)
    assert sum(one.sales for one in found.ahead) == pytest.approx(450, abs=5)
    assert found.ahead[-1].median_ratio < found.ahead[0].median_ratio < 1
    assert "on what came next: up to 30 days ahead RMSLE" in told[-1]
    assert train.train(undated(200), models.contract()).ahead == ()
