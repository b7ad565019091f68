"""The gate's rules, each kept and each broken."""

import re
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest

from house_prices import gate
from house_prices.contract.schema import Gate, Split, Time, Training
from house_prices.evaluation.evaluation import Month
from house_prices.gate import Outcome
from house_prices.gate.advice import SETTINGS
from tests import evaluations as given
from tests import models

PASS, NEEDS_REVIEW, FAIL = Outcome.PASS, Outcome.NEEDS_REVIEW, Outcome.FAIL
NOT_APPLIED = Outcome.NOT_APPLIED
WITHOUT_INTERVALS = given.comparison(median_width=None)
UNREADABLE = given.comparison(problem="No file.", api_breaks=None)
GATE = replace(models.contract().gate, floors={"r2": 0.7}, ceilings={"rmsle": 0.2})


def result(rule: str, thresholds: Gate = GATE, **changes: Any) -> gate.RuleResult:
    return gate.RULES[rule](given.evaluation(**changes), thresholds)


def against(**changes: Any) -> gate.RuleResult:
    return result("against_champion", champion=given.comparison(**changes))


def test_a_first_candidate_that_keeps_every_rule_passes() -> None:
    decision = gate.decide(given.evaluation(), GATE)
    assert (decision.passed, decision.reasons) == (True, ())
    assert [one.rule for one in decision.results] == list(gate.RULES)


def test_the_worst_outcome_is_the_decision() -> None:
    unclear = given.evaluation(evaluations=21)
    assert gate.decide(unclear, GATE).outcome is NEEDS_REVIEW
    failed = given.evaluation(evaluations=21, parity=1.0)
    assert gate.decide(failed, GATE).outcome is FAIL


@pytest.mark.parametrize(
    ("rule", "changes", "said"),
    [
        ("parity", {"parity": 2e-5}, "differ by at most 2.0e-05"),
        ("parity", {"parity": float("inf")}, "inf"),
        ("floors", {"metrics": {**given.METRICS, "r2": 0.69}}, "r2 0.69 (at least 0.7)"),
        ("floors", {"metrics": {**given.METRICS, "rmsle": 0.21}}, "rmsle 0.21 (at most 0.2)"),
        ("floors", {"metrics": {**given.METRICS, "r2": float("nan")}}, "r2 nan"),
        ("beats_baseline", {"baseline": {"rmsle": 0.17}}, "allowed: 0.119, 30% better"),
        ("interval_coverage", {"interval": given.interval(coverage=0.88)}, "at least 0.888"),
        ("interval_coverage", {"interval": given.interval(slices={"north": (60, 0.7)})}, "north it is 0.700"),
        ("served_prices", {"serving": given.serving(difference=1e-4)}, "at most 1.0e-04 on 650 houses"),
        ("served_errors", {"serving": given.serving(wrong_answers=("NaN: came OK.",))}, "NaN: came OK."),
        ("served_speed", {"serving": given.serving(load_s=6.0)}, "after 6.00 s, allowed: 5 s"),
        ("served_speed", {"serving": given.serving(p99_ms=21.0)}, "allowed: 20.00 ms"),
        ("served_speed", {"serving": given.serving(p99_ms=9.5, champion_p99_ms=6.0)}, "allowed: 9.00 ms"),
        ("served_size", {"serving": given.serving(memory_mb=501.0)}, "takes 501 MB"),
        ("served_size", {"serving": given.serving(problem="it ended with code 1")}, "ended with code 1"),
    ],
)  # fmt: skip
def test_a_broken_rule_fails_with_its_numbers(rule: str, changes: dict[str, Any], said: str) -> None:
    found = result(rule, **changes)
    assert found.outcome is FAIL
    assert said in found.sentence


def test_a_median_ratio_that_is_off_fails_and_one_that_is_doubtful_says_what_is_good() -> None:
    study = given.evaluation().ratio_study
    off = {**study, "median_ratio": replace(study["median_ratio"], value=1.11)}
    doubtful = {**study, "median_ratio": replace(study["median_ratio"], value=1.04)}
    assert result("median_ratio", ratio_study=off).outcome is FAIL
    found = result("median_ratio", ratio_study=doubtful)
    assert (found.outcome, "good: 0.97 to 1.03" in found.sentence) == (PASS, True)


def test_a_failure_in_the_server_carries_its_request_and_its_log() -> None:
    found = result("served_prices", serving=given.serving(difference=1.0, log="the log"))
    assert found.details == {"worst_request": "the house it differs most on", "server_log": "the log"}


@pytest.mark.parametrize(
    ("changes", "outcome", "said"),
    [
        ({}, PASS, "Superior."),
        ({"low": -0.01, "high": 0.015}, PASS, "Not inferior, and trained on newer data."),
        ({"low": -0.01, "high": 0.015, "newer_data": False}, NEEDS_REVIEW, "trained on the same data"),
        (
            {"low": -0.01, "high": 0.015, "median_error_high": 1.06},
            NEEDS_REVIEW,
            "too few sales to tell the two apart",
        ),
        ({"low": -0.01, "high": 0.025}, NEEDS_REVIEW, "too few sales to tell the two apart"),
        ({"low": -0.01, "high": 0.025, "sales": 1999}, PASS, "at most +3%"),
        ({"low": 0.001, "high": 0.004}, PASS, "Not inferior, and trained on newer data."),
        ({"low": 0.001, "high": 0.004, "newer_data": False}, FAIL, "Inferior."),
        ({"low": 0.01, "high": 0.05}, FAIL, "Inferior."),
        ({"sales": 399}, NEEDS_REVIEW, "399 holdout sales are new to both models; 400 are needed"),
        ({"problem": "it needs pool"}, NEEDS_REVIEW, "cannot price this holdout: it needs pool"),
        ({"sha256": "candidate", "low": 1.0, "high": 2.0}, NOT_APPLIED, "the champion's own file"),
    ],
)
def test_the_champion_is_beaten_matched_or_not(changes: dict[str, Any], outcome: Outcome, said: str) -> None:
    found = against(**changes)
    assert found.outcome is outcome
    assert said in found.sentence


def test_one_slice_that_is_much_worse_fails_however_good_the_rest_is() -> None:
    north = given.one_slice(estimate=0.15, low=0.08, p_value=0.001)
    found = result("slices", champion=given.comparison(slices={"north": north, "south": given.one_slice()}))
    assert found.outcome is FAIL
    assert "In north, 300 sales, it is +15.0% (at least +8.0%)." in found.sentence


def test_many_slices_ask_for_more_evidence_in_each() -> None:
    slices = {str(number): given.one_slice(p_value=0.03) for number in range(2)}
    assert result("slices", champion=given.comparison(slices=slices)).outcome is PASS
    assert result("slices", champion=given.comparison(slices={"0": slices["0"]})).outcome is FAIL


def test_a_slice_with_few_sales_is_only_reported() -> None:
    tiny = given.one_slice(sales=49, p_value=0.0001)
    assert result("slices", champion=given.comparison(slices={"tiny": tiny})).outcome is NOT_APPLIED
    both = given.comparison(slices={"tiny": tiny, "north": given.one_slice()})
    assert result("slices", champion=both).outcome is PASS


def test_intervals_may_be_a_twentieth_wider_than_the_champions() -> None:
    champion = given.comparison(median_width=0.40)
    assert (
        result("interval_width", champion=champion, interval=given.interval(median_width=0.42)).outcome
        is PASS
    )
    wide = result("interval_width", champion=champion, interval=given.interval(median_width=0.43))
    assert (wide.outcome, "1.075 of the champion's" in wide.sentence) == (FAIL, True)


def test_a_break_of_the_api_is_named_with_what_to_do() -> None:
    found = result("api_compatibility", champion=given.comparison(api_breaks=("pool is gone.",)))
    assert found.outcome is FAIL
    assert found.sentence.startswith("pool is gone. Raise api_version")


@pytest.mark.parametrize(
    ("rule", "changes", "why"),
    [
        ("against_champion", {}, "no champion"),
        ("slices", {}, "no champion"),
        ("interval_width", {}, "no champion"),
        ("api_compatibility", {}, "no champion whose clients could break"),
        ("api_compatibility", {"champion": UNREADABLE}, "No file."),
        ("slices", {"champion": given.comparison(problem="it needs pool")}, "cannot price this holdout"),
        ("slices", {"champion": given.comparison(slices={})}, "no slice has 50 sales"),
        ("interval_width", {"champion": WITHOUT_INTERVALS}, "champion gives no intervals"),
        ("interval_width", {"champion": given.comparison(), "interval": None}, "model gives no intervals"),
        ("interval_coverage", {"interval": None}, "few sales cannot calibrate"),
    ],
)  # fmt: skip
def test_a_rule_that_compares_nothing_says_so_and_does_not_pass(
    rule: str, changes: dict[str, Any], why: str
) -> None:
    found = result(rule, **changes)
    assert (found.outcome, found.sentence[:13]) == (NOT_APPLIED, "Not applied: ")
    assert why in found.sentence
    assert not found.sentence.endswith("..")


def test_a_contract_without_limits_has_no_floors_to_keep() -> None:
    assert result("floors", replace(GATE, floors={}, ceilings={})).outcome is NOT_APPLIED


def test_rules_that_were_not_applied_neither_help_nor_hinder() -> None:
    alone = gate.decide(given.evaluation(), GATE)
    assert NOT_APPLIED in {one.outcome for one in alone.results}
    assert alone.outcome is PASS


def month(**changes: Any) -> Month:
    return Month(**{"sales": 300, "median_ratio": 1.0, "rmsle": 0.12, "coverage": 0.9, **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, PASS),
        ({"median_ratio": 0.89}, FAIL),
        ({"median_ratio": 1.11}, FAIL),
        ({"coverage": 0.79}, FAIL),
        ({"coverage": None}, PASS),
        ({"median_ratio": 0.5, "sales": 49}, PASS),
    ],
)
def test_each_month_of_the_holdout_is_result(changes: dict[str, Any], expected: gate.Outcome) -> None:
    months = {"2015-03": month(), "2015-04": month(**changes)}
    assert result("by_month", months=months).outcome is expected


def test_without_dates_no_month_is_result() -> None:
    assert result("by_month").outcome is NOT_APPLIED


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        (date(2015, 5, 1), date(2015, 3, 1), PASS),
        (date(2015, 3, 1), date(2015, 3, 1), PASS),
        (date(2015, 2, 27), date(2015, 3, 1), NEEDS_REVIEW),
        (None, date(2015, 3, 1), NOT_APPLIED),
        (date(2015, 3, 1), None, NOT_APPLIED),
    ],
)
def test_a_candidate_does_not_take_the_market_back(
    mine: date | None, theirs: date | None, expected: gate.Outcome
) -> None:
    champion = given.comparison(reference_date=theirs)
    assert result("reference_date", reference_date=mine, champion=champion).outcome is expected


@pytest.mark.parametrize(
    ("changes", "theirs", "expected"),
    [
        ({}, date(2014, 5, 1), PASS),
        ({}, date(2014, 5, 2), NEEDS_REVIEW),
        ({}, None, NEEDS_REVIEW),
        ({"newer_data": False}, date(2014, 5, 1), NEEDS_REVIEW),
        ({"estimate": 0.05, "high": 0.2}, date(2014, 5, 1), NEEDS_REVIEW),
        ({"median_error_ratio": 1.2}, date(2014, 5, 1), NEEDS_REVIEW),
        ({"low": 0.001}, date(2014, 5, 1), FAIL),
    ],
)
def test_an_old_champion_is_not_kept_for_doubt_alone(
    changes: dict[str, Any], theirs: date | None, expected: gate.Outcome
) -> None:
    doubtful = {"estimate": 0.01, "low": -0.05, "high": 0.07, "reference_date": theirs, **changes}
    found = result("against_champion", reference_date=date(2015, 5, 2), champion=given.comparison(**doubtful))
    assert found.outcome is expected
    assert ("days earlier" in found.sentence) == (theirs is not None)


def test_a_candidate_that_wins_for_the_markets_level_alone_is_told() -> None:
    champion = given.comparison(level=1.07, level_estimate=0.01)
    sentence = result("against_champion", champion=champion).sentence
    assert (
        "with its prices times 1.070, at the level of these sales, the difference would be +1.0%" in sentence
    )


def test_intervals_of_a_champion_that_do_not_hold_are_no_measure_of_width() -> None:
    narrow = given.comparison(median_width=0.3, coverage=0.8)
    assert result("interval_width", champion=narrow).outcome is NOT_APPLIED
    sound = given.comparison(median_width=0.3, coverage=0.9)
    assert result("interval_width", champion=sound).outcome is FAIL


def test_a_rule_that_does_not_pass_says_what_to_do_about_it() -> None:
    study = given.evaluation().ratio_study
    off = {**study, "median_ratio": replace(study["median_ratio"], value=0.85)}
    refused = result("median_ratio", ratio_study=off)
    assert "keys.sold" in refused.advice
    assert result("median_ratio").advice == ""
    assert set(SETTINGS) == set(gate.RULES)


def test_advice_names_settings_that_there_are() -> None:
    tables = {"gate": Gate, "split": Split, "time": Time, "training": Training}
    for text in SETTINGS.values():
        for table, name in re.findall(r"\b(gate|split|time|training)\.([a-z_0-9]+)", text):
            assert name in [field.name for field in fields(tables[table])], f"{table}.{name}"
