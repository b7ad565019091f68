"""The metrics, on prices that can be worked out by hand."""

import math

import numpy as np
import pytest
from sklearn.metrics import r2_score

from house_prices.contract.schema import METRICS
from house_prices.training.metrics import measure, r2, rmsle

ACTUAL = np.array([100.0, 200.0, 300.0, 400.0])
PREDICTED = np.array([110.0, 160.0, 300.0, 500.0])  # off by a tenth, a fifth, nothing and a quarter


def test_every_metric_of_the_contract_is_measured() -> None:
    assert tuple(measure(ACTUAL, PREDICTED)) == METRICS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("r2", 1 - 11_700 / 50_000),
        ("mse", 11_700 / 4),
        ("rmse", math.sqrt(11_700 / 4)),
        ("mae", 150 / 4),
        ("mape", 0.55 / 4),
        ("mdape", 0.15),
        ("ppe10", 0.5),
        ("ppe20", 0.75),
    ],
)
def test_a_metric_is_what_its_definition_says(name: str, value: float) -> None:
    assert measure(ACTUAL, PREDICTED)[name] == pytest.approx(value)


def test_rmsle_is_the_root_mean_squared_difference_of_log_1_plus_price() -> None:
    expected = math.sqrt((math.log(101 / 111) ** 2 + math.log(201 / 161) ** 2 + math.log(401 / 501) ** 2) / 4)
    assert rmsle(ACTUAL, PREDICTED) == pytest.approx(expected)


def test_a_price_below_0_counts_as_0_in_rmsle() -> None:
    assert rmsle(np.array([0.0]), np.array([-50.0])) == 0.0


def test_exact_prices_have_no_error() -> None:
    found = measure(ACTUAL, ACTUAL)
    assert (found["r2"], found["mse"], found["rmsle"], found["ppe10"]) == (1.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("actual", "predicted"),
    [([5.0, 5.0], [5.0, 5.0]), ([5.0, 5.0], [5.0, 6.0]), ([1.0, 2.0, 4.0], [9.0, 2.0, 4.0])],
)
def test_r2_is_scikit_learns(actual: list[float], predicted: list[float]) -> None:
    assert r2(np.array(actual), np.array(predicted)) == pytest.approx(r2_score(actual, predicted))


def test_one_price_has_no_r2() -> None:
    assert math.isnan(r2(np.array([5.0]), np.array([4.0])))
