"""Each rule of the gate, kept and broken, with the sentence it says."""

from dataclasses import replace

import numpy as np
import pytest

from house_prices.contract import Gate
from house_prices.steps import gate
from house_prices.steps.evaluate import Evaluation, Rival
from house_prices.steps.gate import Ruling

RULES = Gate(parity=1e-5, margin=0.02, floors={"r2": 0.7, "ppe10": 0.5}, ceilings={"mdape": 0.1})
METRICS = {"r2": 0.9, "ppe10": 0.8, "mdape": 0.05, "rmsle": 0.12}
GOOD = Evaluation(
    version=4,
    sha256="ab",
    metrics=METRICS,
    cross_validation=METRICS,
    dummy={"rmsle": 0.4},
    parity=2e-6,
    parity_rows=600,
    champion=None,
    slices={},
    actual=np.array([1.0]),
    predicted=np.array([1.0]),
)


def ruling(rule: str, evidence: Evaluation, rules: Gate = RULES) -> Ruling:
    found = {ruling.rule: ruling for ruling in gate.judge(evidence, rules).rulings}
    return found[rule]


def champion(rmsle: float) -> Rival:
    return Rival(version=3, metrics={**METRICS, "rmsle": rmsle})


def test_a_good_candidate_passes_every_rule_without_a_reason_against_it() -> None:
    verdict = gate.judge(GOOD, RULES)
    assert verdict.passed
    assert verdict.reasons == ()
    assert [ruling.rule for ruling in verdict.rulings] == list(gate.RULES)


def test_one_broken_rule_is_enough_and_every_broken_one_is_told() -> None:
    verdict = gate.judge(replace(GOOD, parity=1.0, dummy={"rmsle": 0.1}), RULES)
    assert not verdict.passed
    assert len(verdict.reasons) == 2


def test_parity_is_broken_where_onnx_prices_differently() -> None:
    assert ruling("parity", replace(GOOD, parity=1e-5)).passed
    broken = ruling("parity", replace(GOOD, parity=1.1e-5))
    assert not broken.passed
    assert broken.sentence == (
        "ONNX and scikit-learn differ by at most 1.1e-05 of the price on 600 houses; allowed: 1.0e-05."
    )


@pytest.mark.parametrize("metric", [{"r2": 0.69}, {"ppe10": 0.49}, {"mdape": 0.11}, {"r2": float("nan")}])
def test_floors_are_broken_by_any_metric_beyond_its_limit(metric: dict[str, float]) -> None:
    assert ruling("floors", GOOD).passed
    assert not ruling("floors", replace(GOOD, metrics={**METRICS, **metric})).passed


def test_floors_tell_each_metric_with_its_limit() -> None:
    assert ruling("floors", GOOD).sentence == (
        "On the holdout: r2 0.9 (at least 0.7), ppe10 0.8 (at least 0.5), mdape 0.05 (at most 0.1)."
    )


def test_a_contract_without_floors_sets_no_limit() -> None:
    free = Gate(parity=1e-5, margin=0.0, floors={}, ceilings={})
    assert ruling("floors", GOOD, free).passed
    assert ruling("floors", GOOD, free).sentence == "On the holdout: the contract sets no limit."


@pytest.mark.parametrize(
    ("dummy", "passed"), [(0.4, True), (0.12, False), (0.1, False), (float("nan"), False)]
)
def test_a_candidate_must_beat_the_median_price(dummy: float, passed: bool) -> None:
    found = ruling("beats_dummy", replace(GOOD, dummy={"rmsle": dummy}))
    assert found.passed is passed
    assert found.sentence == f"RMSLE 0.12; answering the median price to every house gives {dummy:.4g}."


def test_without_a_champion_there_is_nothing_to_be_worse_than() -> None:
    found = ruling("not_worse_than_champion", GOOD)
    assert found.passed
    assert found.sentence == "There is no champion to compare with."


@pytest.mark.parametrize(("rmsle", "passed"), [(0.2, True), (0.12, True), (0.1177, True), (0.1175, False)])
def test_a_candidate_may_be_worse_than_the_champion_by_the_margin(rmsle: float, passed: bool) -> None:
    found = ruling("not_worse_than_champion", replace(GOOD, champion=champion(rmsle)))
    assert found.passed is passed
    assert found.sentence == (
        f"RMSLE 0.12; the champion, version 3, has {rmsle:.4g} on the same sales; allowed: 2.0% worse."
    )


def test_a_difference_within_parity_is_none() -> None:
    exact = replace(GOOD, metrics={**METRICS, "rmsle": 5e-6}, champion=champion(0.0))
    assert ruling("not_worse_than_champion", exact).passed


def test_a_champion_that_cannot_price_the_holdout_is_left_to_a_person() -> None:
    rival = Rival(version=3, metrics=None, problem="it needs pool, which the contract no longer has")
    found = ruling("not_worse_than_champion", replace(GOOD, champion=rival))
    assert not found.passed
    assert found.sentence == (
        "The champion, version 3, cannot price this holdout: it needs pool, which the contract no longer "
        "has. Compare them yourself, then promote by hand."
    )
