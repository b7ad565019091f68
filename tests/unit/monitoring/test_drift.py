"""Served houses against the training sample."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from house_prices.monitoring import drift, moving
from house_prices.monitoring.drift import Drift
from house_prices.monitoring.profile import Profile, distribution, from_json, profile
from house_prices.training.features import Inputs
from house_prices.training.predictions import Predictions
from tests import models, served

CONTRACT = models.contract()


def houses(count: int, seed: int, *, shift: float = 0.0, sea: float = 0.5, unknown: float = 0.0) -> Inputs:
    """area, rooms, garden and age; roof, view and style."""
    random = np.random.default_rng(seed)
    numbers = np.column_stack(
        [
            random.normal(100 + 20 * shift, 20, count),
            random.integers(1, 6, count),
            random.integers(0, 2, count),
            np.where(random.random(count) < unknown, np.nan, random.uniform(0, 50, count)),
        ]
    ).astype(np.float32)
    view = np.where(random.random(count) < sea, "sea", "none")
    flat, none = np.full(count, "flat"), np.full(count, "")
    return Inputs(numbers=numbers, categories=np.column_stack([flat, view, none]).astype(object))


def trained(count: int = 5000) -> Profile:
    """Priced at ten times the area; the errors grow with the price."""
    seen = houses(count, seed=1)
    price = 10.0 * seen.numbers[:, 0].astype(float)
    held = Predictions(actual=price * (1 - price / 10_000), price=price)
    return profile(seen, price, held, CONTRACT)


def compare(tmp_path: Path, came: Inputs, version: int = 1, most: int = drift.MOST_ROWS) -> Drift:
    names = [feature.name for feature in CONTRACT.numbers], [feature.name for feature in CONTRACT.categories]
    asked = [
        {name: float(value) for name, value in zip(names[0], numbers, strict=True) if value == value}
        | {name: text for name, text in zip(names[1], texts, strict=True) if text}
        for numbers, texts in zip(came.numbers, came.categories, strict=True)
    ]
    prices = [10.0 * float(area) for area in came.numbers[:, 0]]
    half = len(asked) // 2
    served.write(
        tmp_path / "log", served.line(asked[:half], prices[:half]), served.line(asked[half:], prices[half:])
    )
    moving.move(tmp_path / "log", tmp_path / "served")
    found = drift.compare(tmp_path / "served", version, trained(), CONTRACT, since="2026-01-01", most=most)
    assert found is not None
    return found


def test_houses_like_those_of_the_training_have_not_drifted(tmp_path: Path) -> None:
    found = compare(tmp_path, houses(2000, seed=2))
    assert found.drifted == []
    assert max(feature.distance for feature in found.features) < 0.06
    assert found.price is not None
    assert not found.price.drifted


def test_what_moved_is_named_by_how_far_it_moved(tmp_path: Path) -> None:
    found = compare(tmp_path, houses(2000, seed=2, shift=1.0, sea=0.9, unknown=0.3))
    moved = {feature.name: feature.distance for feature in found.drifted}
    assert list(moved) == ["view", "area", "age"]
    assert moved["area"] == pytest.approx(2 * stats.norm.cdf(0.5) - 1, abs=0.03)
    assert moved["view"] == pytest.approx(0.4, abs=0.03)
    assert moved["age"] == pytest.approx(0.3, abs=0.03)
    assert found.share == pytest.approx(3 / 7)
    assert found.price is not None
    assert found.price.drifted


def test_a_small_change_is_no_drift_however_certain_it_is(tmp_path: Path) -> None:
    found = compare(tmp_path, houses(5000, seed=2, shift=0.3))
    area = next(feature for feature in found.features if feature.name == "area")
    assert area.p_value < 1e-6
    assert not area.drifted


def test_a_large_change_of_a_few_houses_may_be_chance(tmp_path: Path) -> None:
    found = compare(tmp_path, houses(8, seed=5))
    assert max(feature.distance for feature in found.features) > 0.2
    assert found.drifted == []


def test_the_distance_and_its_chance_are_those_of_scipys_two_sample_test() -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(size=3000), random.normal(0.1, 1.2, size=2000)
    ours = drift._of_numbers("x", distribution(one), other)
    theirs = stats.ks_2samp(one, other, method="asymp")
    assert ours.distance == pytest.approx(theirs.statistic, abs=0.002)
    assert np.log(ours.p_value) == pytest.approx(np.log(theirs.pvalue), rel=0.1)


def test_a_sample_of_the_served_houses_finds_the_same(tmp_path: Path) -> None:
    found = compare(tmp_path, houses(6000, seed=2, shift=1.0), most=1000)
    assert (found.houses, found.of) == (1000, 6000)
    assert [feature.name for feature in found.drifted] == ["area"]


def test_dearer_houses_are_expected_to_be_priced_as_badly_as_dear_ones_were(tmp_path: Path) -> None:
    usual = compare(tmp_path / "usual", houses(2000, seed=2)).expected_error
    dear = compare(tmp_path / "dear", houses(2000, seed=2, shift=1.5)).expected_error
    assert usual is not None
    assert dear is not None
    assert dear > 1.1 * usual


def test_a_version_that_has_served_nothing_has_no_prices_to_compare(tmp_path: Path) -> None:
    found = compare(tmp_path, houses(500, seed=2), version=2)
    assert (found.price, found.expected_error) == (None, None)
    assert drift.compare(tmp_path / "none", 1, trained(100), CONTRACT, since="2026-01-01") is None


def test_a_profile_goes_through_json_and_knows_what_was_never_known() -> None:
    known = trained(200)
    assert from_json(known.to_json()) == known
    assert distribution(np.full(3, np.nan)).missing == 1.0
