"""The simulation of the gate's errors simulates what it says, and judges as the gate does."""

import numpy as np
import pytest

from benchmarks.gate_power import Rate, false_promotions
from benchmarks.simulated import ANOTHER_KIND, ERROR, SALES, SOLD_TWICE, challenge, holdout, judge
from house_prices.evaluation import bootstrap


def log_errors(seed: int, **truth: float) -> np.ndarray:
    """Both models' log errors on many holdouts: [2, sales]."""
    draw = np.random.default_rng(seed)
    sales = [challenge(holdout(draw), draw, **truth) for _ in range(100)]
    return np.concatenate(
        [np.log(one[["candidate", "champion"]].to_numpy().T / one["price"].to_numpy()) for one in sales],
        axis=1,
    )


def test_errors_are_as_large_and_as_alike_as_they_are_meant_to_be() -> None:
    mine, theirs = log_errors(1, worse=-0.05, correlation=ANOTHER_KIND)
    assert theirs.std() == pytest.approx(ERROR, rel=0.05)
    assert mine.std() / theirs.std() == pytest.approx(0.95, abs=0.01)
    assert np.corrcoef(mine, theirs)[0, 1] == pytest.approx(ANOTHER_KIND, abs=0.03)


def test_some_properties_are_sold_twice() -> None:
    _, counts = np.unique(holdout(np.random.default_rng(2)).property, return_counts=True)
    assert (len(counts), counts.max()) == (SALES - SOLD_TWICE, 2)


def test_a_challenger_much_better_passes_and_the_level_is_that_of_its_turn() -> None:
    draw = np.random.default_rng(3)
    comparison, decision = judge(challenge(holdout(draw), draw, worse=-0.2), turn=3)
    assert decision.passed
    assert (comparison.alpha, comparison.sales) == (bootstrap.spend(3), SALES)


def test_a_challenger_no_better_is_held() -> None:
    draw = np.random.default_rng(4)
    _, decision = judge(challenge(holdout(draw), draw))
    assert [reason.split(":")[0] for reason in decision.reasons] == ["against_champion"]


def test_rates_count_sequences_first_trainings_and_trainings() -> None:
    assert [one.of for one in false_promotions(np.random.default_rng(5), 2, 2)] == [2, 2, 4]


@pytest.mark.parametrize(("times", "too_high"), [(0, False), (77, False), (78, True)])
def test_a_rate_is_too_high_only_beyond_chance(times: int, too_high: bool) -> None:
    assert Rate(what="any", times=times, of=1250).too_high is too_high
