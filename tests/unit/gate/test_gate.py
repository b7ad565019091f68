"""The gate's rules, each kept and each broken."""

from dataclasses import replace
from typing import Any

import pytest

from house_prices import gate
from house_prices.contract.schema import Gate
from house_prices.gate import Outcome
from tests import evidence as given
from tests import models

PASS, HOLD, FAIL = Outcome.PASS, Outcome.HOLD, Outcome.FAIL
GATE = replace(models.contract().gate, floors={"r2": 0.7}, ceilings={"rmsle": 0.2})


def ruling(rule: str, thresholds: Gate = GATE, **changes: Any) -> gate.Ruling:
    return gate.RULES[rule](given.evidence(**changes), thresholds)


def against(**changes: Any) -> gate.Ruling:
    return ruling("against_champion", champion=given.rival(**changes))


def test_a_first_candidate_that_keeps_every_rule_passes() -> None:
    verdict = gate.judge(given.evidence(), GATE)
    assert (verdict.passed, verdict.reasons) == (True, ())
    assert [one.rule for one in verdict.rulings] == list(gate.RULES)


def test_the_worst_answer_is_the_verdict() -> None:
    held = given.evidence(evaluations=21)
    assert gate.judge(held, GATE).outcome is HOLD
    failed = given.evidence(evaluations=21, parity=1.0)
    assert gate.judge(failed, GATE).outcome is FAIL


@pytest.mark.parametrize(
    ("rule", "changes", "said"),
    [
        ("parity", {"parity": 2e-5}, "differ by at most 2.0e-05"),
        ("parity", {"parity": float("inf")}, "inf"),
        ("floors", {"metrics": {**given.METRICS, "r2": 0.69}}, "r2 0.69 (at least 0.7)"),
        ("floors", {"metrics": {**given.METRICS, "rmsle": 0.21}}, "rmsle 0.21 (at most 0.2)"),
        ("floors", {"metrics": {**given.METRICS, "r2": float("nan")}}, "r2 nan"),
        ("beats_dummy", {"dummy": {"rmsle": 0.17}}, "allowed: 0.119, 30% better"),
        ("interval_coverage", {"interval": given.interval(coverage=0.88)}, "at least 0.888"),
        ("interval_coverage", {"interval": given.interval(slices={"north": (60, 0.7)})}, "north it is 0.700"),
        ("served_prices", {"service": given.service(difference=1e-4)}, "at most 1.0e-04 on 650 houses"),
        ("served_errors", {"service": given.service(wrong_answers=("NaN: came OK.",))}, "NaN: came OK."),
        ("served_speed", {"service": given.service(load_s=6.0)}, "after 6.00 s, allowed: 5 s"),
        ("served_speed", {"service": given.service(p99_ms=21.0)}, "allowed: 20.00 ms"),
        ("served_speed", {"service": given.service(p99_ms=9.5, champion_p99_ms=6.0)}, "allowed: 9.00 ms"),
        ("served_size", {"service": given.service(memory_mb=501.0)}, "takes 501 MB"),
        ("served_size", {"service": given.service(problem="it ended with code 1")}, "ended with code 1"),
    ],
)  # fmt: skip
def test_a_broken_rule_fails_with_its_numbers(rule: str, changes: dict[str, Any], said: str) -> None:
    found = ruling(rule, **changes)
    assert found.outcome is FAIL
    assert said in found.sentence


def test_a_median_ratio_that_is_off_fails_and_one_that_is_doubtful_says_what_is_good() -> None:
    study = given.evidence().ratio_study
    off = {**study, "median_ratio": replace(study["median_ratio"], value=1.11)}
    doubtful = {**study, "median_ratio": replace(study["median_ratio"], value=1.04)}
    assert ruling("median_ratio", ratio_study=off).outcome is FAIL
    found = ruling("median_ratio", ratio_study=doubtful)
    assert (found.outcome, "good: 0.97 to 1.03" in found.sentence) == (PASS, True)


def test_a_failure_in_the_server_carries_its_request_and_its_log() -> None:
    found = ruling("served_prices", service=given.service(difference=1.0, log="the log"))
    assert found.details == {"worst_request": "the house it differs most on", "server_log": "the log"}


@pytest.mark.parametrize(
    ("changes", "outcome", "said"),
    [
        ({}, PASS, "Superior."),
        ({"low": -0.01, "high": 0.015}, PASS, "Not inferior, and trained on newer data."),
        ({"low": -0.01, "high": 0.015, "newer_data": False}, HOLD, "trained on the same data"),
        ({"low": -0.01, "high": 0.015, "median_error_high": 1.06}, HOLD, "cannot tell the two apart"),
        ({"low": -0.01, "high": 0.025}, HOLD, "cannot tell the two apart"),
        ({"low": -0.01, "high": 0.025, "sales": 1999}, PASS, "at most +3%"),
        ({"low": 0.001, "high": 0.004}, PASS, "Not inferior, and trained on newer data."),
        ({"low": 0.001, "high": 0.004, "newer_data": False}, FAIL, "Inferior."),
        ({"low": 0.01, "high": 0.05}, FAIL, "Inferior."),
        ({"sales": 399}, HOLD, "399 holdout sales are new to both models; 400 are needed"),
        ({"problem": "it needs pool"}, HOLD, "cannot price this holdout: it needs pool"),
        ({"sha256": "candidate", "low": 1.0, "high": 2.0}, PASS, "the champion's own file"),
    ],
)
def test_the_champion_is_beaten_matched_or_not(changes: dict[str, Any], outcome: Outcome, said: str) -> None:
    found = against(**changes)
    assert found.outcome is outcome
    assert said in found.sentence


def test_one_slice_that_is_much_worse_fails_however_good_the_rest_is() -> None:
    north = given.one_slice(estimate=0.15, low=0.08, p_value=0.001)
    found = ruling("slices", champion=given.rival(slices={"north": north, "south": given.one_slice()}))
    assert found.outcome is FAIL
    assert "In north, 300 sales, it is +15.0% (at least +8.0%)." in found.sentence


def test_many_slices_ask_for_more_evidence_in_each() -> None:
    slices = {str(number): given.one_slice(p_value=0.03) for number in range(2)}
    assert ruling("slices", champion=given.rival(slices=slices)).outcome is PASS
    assert ruling("slices", champion=given.rival(slices={"0": slices["0"]})).outcome is FAIL


def test_a_slice_with_few_sales_is_only_reported() -> None:
    tiny = given.one_slice(sales=49, p_value=0.0001)
    assert ruling("slices", champion=given.rival(slices={"tiny": tiny})).outcome is PASS


def test_intervals_may_be_a_twentieth_wider_than_the_champions() -> None:
    champion = given.rival(median_width=0.40)
    assert (
        ruling("interval_width", champion=champion, interval=given.interval(median_width=0.42)).outcome
        is PASS
    )
    wide = ruling("interval_width", champion=champion, interval=given.interval(median_width=0.43))
    assert (wide.outcome, "1.075 of the champion's" in wide.sentence) == (FAIL, True)


def test_a_break_of_the_api_is_named_with_what_to_do() -> None:
    found = ruling("api_compatibility", champion=given.rival(api_breaks=("pool is gone.",)))
    assert found.outcome is FAIL
    assert found.sentence.startswith("pool is gone. Raise api_version")


@pytest.mark.parametrize("rule", ["against_champion", "slices", "interval_width", "api_compatibility"])
def test_without_a_champion_there_is_nothing_to_lose_to(rule: str) -> None:
    assert ruling(rule).outcome is PASS
