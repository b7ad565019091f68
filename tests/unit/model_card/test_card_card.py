"""A card is read from manifest, evaluation and decision, and leaves out what they do not know."""

import pytest

from house_prices.evaluation.evaluation import ChampionComparison
from house_prices.gate import GateDecision
from house_prices.model_card.view import ConfidenceInterval
from house_prices.training.predictions import Predictions
from tests import cards, evaluations

INTERVALS = {"alpha": 0.1, "edges": [], "lower": [0.8], "upper": [1.25], "sales": [60]}


def test_the_summary_says_what_is_predicted_by_what_and_how_well() -> None:
    assert cards.card().summary == (
        "Predicts the price in EUR of a house: ridge on 7 features, trained on 480 sales. Of 120 sales that "
        "it had never seen, half are priced with an error of less than 8.5%."
    )


def test_the_decision_is_that_of_the_gate_and_its_reasons_begin_with_what_failed() -> None:
    failed = cards.card(decision=cards.FAILED)
    assert failed.outcome == "fail"
    assert [(rule.rule, rule.outcome) for rule in failed.reasons] == [
        ("floors", "fail"),
        ("fresh_holdout", "needs_review"),
    ]
    assert (cards.card().outcome, cards.card().reasons) == ("pass", [])
    assert cards.card(decision=GateDecision(results=(cards.KEPT, cards.OPEN))).outcome == "needs_review"


def test_errors_differ_from_the_champions_by_a_share_and_shares_by_points() -> None:
    comparison = cards.champion()
    card = cards.card(evaluation=cards.found(champion=comparison))
    mape, ppe20 = card.measure("mape"), card.measure("ppe20")
    assert mape
    assert ppe20
    assert (mape.difference, mape.better) == (pytest.approx(-0.5), True)
    assert (ppe20.difference, ppe20.better) == (
        pytest.approx(ppe20.value - comparison.metrics["ppe20"]),
        True,
    )


def test_metrics_of_other_sales_are_not_put_beside_each_other() -> None:
    card = cards.card(evaluation=cards.found(champion=cards.champion(sales=100)))
    assert all(measure.champion is None for measure in card.measures)
    assert card.comparison
    assert (card.comparison.sales, card.comparison.estimate) == (100, -0.05)


def test_a_champion_that_cannot_price_the_holdout_has_its_problem_told() -> None:
    comparison = ChampionComparison(version=6, sha256="champion", problem="it needs a garage")
    card = cards.card(evaluation=cards.found(champion=comparison))
    assert card.comparison
    assert (card.comparison.version, card.comparison.problem) == (6, "it needs a garage")


def test_slices_are_grouped_by_what_divides_the_holdout() -> None:
    found = cards.found(slices={"roof = flat": {"rows": 90.0}, "dear": {"rows": 20.0}})
    groups = cards.card(evaluation=found).groups
    assert {name: [one.value for one in members] for name, members in groups.items()} == {
        "roof": ["flat"],
        "": ["dear"],
    }


def test_a_feature_is_told_with_bounds_range_and_what_an_empty_cell_means() -> None:
    area, rooms, garden, age, *_, view, _ = cards.card().features
    assert (area.allowed, area.seen, area.empty) == ("1 to 1\u202f000", "20 to 250", "refused")
    assert (rooms.kind, rooms.seen) == ("integer", "1 to 9")
    assert (garden.allowed, garden.empty) == ("true, false", "means false")
    assert (age.allowed, age.seen, age.empty) == ("any", "", "not known")
    assert (view.allowed, view.empty) == ("sea, none", "means none")


def test_a_year_has_no_mark_between_its_thousands() -> None:
    built = {
        "name": "built",
        "column": "Built",
        "number": 1,
        "kind": "integer",
        "unit": "year",
        "minimum": 1800,
    }
    (row,) = cards.card(
        of=cards.manifest(contract={"features": [built]}, ranges={"built": (1872.0, 2009.0)})
    ).features
    assert (row.allowed, row.seen) == ("from 1800", "1872 to 2009")


def test_a_model_with_intervals_shows_how_often_they_hold() -> None:
    of = cards.manifest(training={"estimator": "ridge", "intervals": INTERVALS})
    covered = evaluations.interval(coverage=0.88, slices={"roof = flat": (90, 0.875)})
    priced = Predictions(
        actual=cards.ACTUAL, price=cards.PREDICTED, lower=cards.PREDICTED * 0.8, upper=cards.PREDICTED * 1.25
    )
    card = cards.card(of=of, evaluation=cards.found(interval=covered, predictions=priced))
    assert card.intervals
    assert (card.intervals.level, card.intervals.coverage) == (0.9, 0.88)
    assert "calibrated on 60 sales" in card.intervals.calibrated
    assert card.pictures[-1].title == "Interval coverage"
    assert [one.coverage for one in card.slices] == [0.875, None]
    assert "without intervals" not in " ".join(card.limits)


def test_a_model_without_intervals_has_that_among_its_limits() -> None:
    card = cards.card()
    assert (card.intervals, len(card.pictures)) == (None, 3)
    assert "Prices come without intervals" in card.limits[-1]


def test_confidence_intervals_stand_beside_their_metrics() -> None:
    bound = ConfidenceInterval(low=0.05, high=0.09)
    card = cards.card(confidence={"mape": bound})
    assert {measure.name: measure.interval for measure in card.measures if measure.interval} == {
        "mape": bound
    }


def test_a_manifest_that_tells_nothing_makes_a_card_with_gaps() -> None:
    card = cards.card(of=cards.manifest(training={}, data={}, lineage={}, ranges={}))
    assert (card.estimator, card.trials, card.fitted_on) == ("unknown", (), None)
    assert (card.data.read, card.data.files, card.data.parts) == (None, {}, {})
