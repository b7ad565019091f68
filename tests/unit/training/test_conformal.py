"""Prediction intervals: what they cover, how wide they are, and when there are none."""

import numpy as np
import pytest
from mapie.conformity_scores import AbsoluteConformityScore
from mapie.regression import SplitConformalRegressor
from sklearn.linear_model import LinearRegression

from house_prices.training import conformal
from house_prices.training.conformal import Intervals, Prices


def market(rows: int, *, seed: int = 0) -> tuple[Prices, Prices]:
    """Predicted and actual prices: the cheapest houses are three times as hard to price as the dearest."""
    random = np.random.default_rng(seed)
    predicted = random.uniform(50_000, 500_000, rows)
    spread = 0.3 - 0.2 * (predicted - 50_000) / 450_000
    return predicted, predicted * np.exp(spread * random.standard_normal(rows))


def calibrated(rows: int, *, seed: int = 0) -> Intervals:
    found = conformal.fit(*market(rows, seed=seed))
    assert found is not None
    return found


def test_nine_of_ten_new_sales_lie_within_in_every_fifth_of_the_market() -> None:
    predicted, actual = market(50_000, seed=1)
    lower, upper = calibrated(5000).around(predicted)
    assert conformal.coverage(actual, lower, upper) == pytest.approx(0.9, abs=0.015)
    fifths = conformal.coverage_by(conformal.quintile(predicted), actual, lower, upper)
    assert [sales for sales, _ in fifths.values()] == [10_000] * 5
    assert [covered for _, covered in fifths.values()] == pytest.approx([0.9] * 5, abs=0.03)


def test_intervals_are_wider_where_prices_are_harder_to_tell() -> None:
    found = calibrated(5000)
    assert len(found.edges) == 4
    widths = np.array(found.upper) - np.array(found.lower)
    assert list(widths) == sorted(widths, reverse=True)


def test_on_average_few_calibration_sales_cover_as_much_as_many_do() -> None:
    predicted, actual = market(2000, seed=1)
    few = [calibrated(59, seed=seed).around(predicted) for seed in range(100)]
    covered = [conformal.coverage(actual, *ends) for ends in few]
    assert np.mean(covered) == pytest.approx(0.9, abs=0.015)


def test_a_wider_share_of_prices_needs_wider_intervals() -> None:
    predicted, actual = market(1000)
    usual, sure = conformal.fit(predicted, actual), conformal.fit(predicted, actual, alpha=0.02)
    assert usual is not None
    assert sure is not None
    assert all(np.array(sure.lower) < np.array(usual.lower))
    assert all(np.array(sure.upper) > np.array(usual.upper))


@pytest.mark.parametrize(("rows", "bins"), [(19, 1), (99, 1), (100, 2), (249, 4), (250, 5), (9000, 5)])
def test_there_are_as_many_bins_as_there_are_sales_for(rows: int, bins: int) -> None:
    found = calibrated(rows)
    assert len(found.sales) == bins
    assert sum(found.sales) == rows


def test_too_few_sales_give_no_interval() -> None:
    assert conformal.fit(*market(18)) is None
    assert conformal.fit(np.empty(0), np.empty(0)) is None


def test_houses_of_one_price_share_a_bin() -> None:
    _, actual = market(400)
    alike = conformal.fit(np.full(400, 200_000.0), actual)
    assert alike is not None
    assert alike.sales == (400,)
    half = conformal.fit(np.repeat([100_000.0, 300_000.0], 200), actual)
    assert half is not None
    assert half.sales == (200, 200)


def test_an_exact_law_leaves_room_for_rounding_alone() -> None:
    predicted, _ = market(1000)
    found = conformal.fit(predicted, predicted)
    assert found is not None
    lower, upper = found.around(predicted.astype(np.float32).astype(np.float64))
    assert conformal.coverage(predicted, lower, upper) == 1
    assert conformal.median_width(predicted, lower, upper) == pytest.approx(2e-5, rel=0.01)


def test_a_price_lies_within_its_own_interval_even_below_zero() -> None:
    predicted, actual = market(500)
    found = conformal.fit(predicted * 2, actual)  # every house is priced far too high
    assert found is not None
    prices = np.array([-50_000.0, 0.0, 1.0, 120_000.0, 1e9])
    lower, upper = found.around(prices)
    assert all(lower <= prices)
    assert all(prices <= upper)


def test_mapie_draws_the_same_interval_around_a_logarithm() -> None:
    _, actual = market(80)
    houses, ours = np.ones((80, 1)), conformal.fit(np.full(80, 100_000.0), actual)
    model = LinearRegression().fit(houses, np.full(80, np.log(100_000.0)))
    theirs = SplitConformalRegressor(
        model, confidence_level=0.9, conformity_score=AbsoluteConformityScore(sym=False), prefit=True
    )
    theirs.conformalize(houses, np.log(actual))
    _, ends = theirs.predict_interval(houses[:1])
    lower, upper = np.exp(ends.ravel())
    assert ours is not None
    assert (lower, upper) == pytest.approx((ours.lower[0] * 1e5, ours.upper[0] * 1e5), rel=2e-5)


def test_weights_of_one_change_nothing_and_weights_of_nothing_leave_sales_out() -> None:
    predicted, actual = market(1000)
    plain = conformal.fit(predicted, actual)
    assert conformal.fit(predicted, actual, weights=np.ones(1000)) == plain
    some = np.arange(1000) % 2 == 0
    left_out = conformal.fit(predicted, actual, weights=some.astype(float))
    assert left_out is not None
    half = conformal.fit(predicted[some], actual[some])
    assert half is not None
    assert left_out.upper == pytest.approx(half.upper, rel=0.1)


def test_a_weighted_tail_is_numpys_weighted_quantile() -> None:
    draw = np.random.default_rng(0)
    scores, weights = draw.normal(size=400), draw.uniform(0.2, 1, 400)
    level = 0.95 * (weights.sum() + 1) / weights.sum()  # the price to come weighs 1
    expected = np.quantile(scores, level, weights=weights, method="inverted_cdf")
    found = conformal.fit(np.ones(400), np.exp(scores), weights=weights)
    assert found is not None
    assert np.log(found.upper[-1]) == pytest.approx(expected, abs=2e-5)
