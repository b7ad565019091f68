"""Comparing two models on the same sales."""

import numpy as np
import pytest

from house_prices.evaluation import bootstrap


def sales(n: int, better: float = 0.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Actual prices, a candidate's whose errors are `better` smaller, and a champion's."""
    draw = np.random.default_rng(seed)
    actual = np.exp(draw.normal(12, 0.4, n))
    common, own, theirs = draw.normal(0, 0.1, (3, n))
    candidate = actual * np.exp((common + 0.5 * own) * (1 - better))
    return actual, candidate, actual * np.exp(common + 0.5 * theirs)


def difference(n: int, better: float = 0.0, groups: np.ndarray | None = None) -> bootstrap.Difference:
    each = np.arange(n) if groups is None else groups
    errors = bootstrap.errors(*sales(n, better), each.astype(np.uint64), resolution=1e-5)
    return bootstrap.compare(errors, seed=7)


def test_a_model_a_fifth_better_is_found_superior() -> None:
    found = difference(800, better=0.2)
    assert found.estimate == pytest.approx(-0.2, abs=0.05)
    assert found.high(0.025) < 0


def test_two_equally_good_models_are_not_told_apart() -> None:
    found = difference(800)
    assert found.low(0.025) < 0 < found.high(0.025)


def test_the_same_seed_gives_the_same_bounds() -> None:
    assert np.array_equal(difference(100).distribution, difference(100).distribution)


def test_errors_below_the_resolution_count_as_none() -> None:
    actual = np.full(50, 1000.0)
    errors = bootstrap.errors(
        actual, actual * (1 + 1e-7), actual * (1 + 2e-7), np.arange(50, dtype=np.uint64), resolution=1e-5
    )
    assert bootstrap.compare(errors, seed=1).high(0.05) == 0


def test_medians_below_the_resolution_are_the_same() -> None:
    actual = np.full(50, 1000.0)
    candidate, champion = actual * (1 + 3e-7), actual * (1 + 2e-7)
    found = bootstrap.median_error_ratio(actual, candidate, champion, resolution=1e-5, seed=1, alpha=0.05)
    assert found == (1, 1)


def test_sales_of_one_property_count_as_one_so_that_bounds_widen() -> None:
    one_each, ten_each = difference(1000), difference(1000, groups=np.arange(1000) // 10)
    assert np.std(ten_each.distribution) > 0.5 * np.std(one_each.distribution)
    twice = np.tile(np.arange(500), 2)
    assert difference(1000, groups=twice).sales == 1000


def test_a_large_holdout_is_compared_as_a_whole_and_in_time() -> None:
    found = difference(60_000, better=0.02)
    assert found.estimate == pytest.approx(np.median(found.distribution), abs=0.002)
    assert found.high(0.025) < 0


def test_the_median_error_is_compared_too() -> None:
    actual, candidate, champion = sales(900, better=0.3)
    ratio, high = bootstrap.median_error_ratio(
        actual, candidate, champion, resolution=1e-5, seed=3, alpha=0.05
    )
    assert ratio < high < 1


@pytest.mark.parametrize(
    ("p_values", "rejected"),
    [
        ({"a": 0.01, "b": 0.02, "c": 0.04}, ["a", "b", "c"]),
        ({"a": 0.01, "b": 0.03, "c": 0.04}, ["a"]),
        ({"a": 0.02, "b": 0.001, "c": 0.9}, ["b", "a"]),
        ({}, []),
    ],
)
def test_holm_rejects_as_in_his_paper(p_values: dict[str, float], rejected: list[str]) -> None:
    assert bootstrap.holm(p_values, 0.05) == rejected


def test_all_tests_on_one_holdout_spend_no_more_than_a_twentieth() -> None:
    assert [bootstrap.spend(k) for k in (1, 2)] == pytest.approx([0.025, 0.05 / 6])
    assert sum(bootstrap.spend(k) for k in range(1, 10_000)) == pytest.approx(0.05, abs=1e-4)
