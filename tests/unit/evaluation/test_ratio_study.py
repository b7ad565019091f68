"""The ratio study's figures, by hand."""

import numpy as np
import pytest

from house_prices.evaluation import ratio_study

ACTUAL = np.array([100.0, 200.0, 300.0, 400.0])


def test_exact_prices_have_a_ratio_of_one_and_no_dispersion() -> None:
    found = ratio_study.study(ACTUAL, ACTUAL, seed=1)
    assert [found[name].value for name in ("median_ratio", "cod", "prd", "prb")] == pytest.approx(
        [1, 0, 1, 0]
    )


def test_figures_are_those_of_the_standard() -> None:
    predicted = ACTUAL * np.array([1.2, 1.1, 1.0, 0.9])
    assert ratio_study.median_ratio(ACTUAL, predicted) == pytest.approx(1.05)
    assert ratio_study.cod(ACTUAL, predicted) == pytest.approx(100 * 0.10 / 1.05)
    assert ratio_study.prd(ACTUAL, predicted) == pytest.approx(1.05 / 1.0)


def test_dear_houses_priced_low_give_a_negative_bias() -> None:
    actual = np.geomspace(1e5, 1e6, 200)
    predicted = actual * (1 - 0.05 * np.log2(actual / 3e5))
    found = ratio_study.study(actual, predicted, seed=1)["prb"]
    assert found.value == pytest.approx(-0.05, abs=0.01)
    assert found.low <= found.value <= found.high


def test_a_prediction_of_nothing_or_less_is_no_crash() -> None:
    found = ratio_study.study(ACTUAL, np.array([-5.0, 0.0, 300.0, 400.0]), seed=1)
    assert np.isfinite(found["median_ratio"].value)
