"""A report is written beside its model, and can be written again."""

from pathlib import Path

from house_prices.model_card import write_report
from house_prices.model_card.confidence import intervals, measured
from house_prices.registry import Registry
from tests import cards, models


def test_the_report_lies_beside_the_model_and_is_the_versions(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    version = models.publish(registry)
    path = write_report(registry, "huts", version.number, cards.found(), cards.PASSED)
    assert path == version.report
    assert "Huts" in path.read_text(encoding="utf-8")
    assert registry.verify("huts") == []


def test_a_second_judgement_replaces_the_report(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    version = models.publish(registry)
    for verdict in (cards.PASSED, cards.FAILED):
        write_report(registry, "huts", version.number, cards.found(), verdict)
    assert "Rejected by the gate" in version.report.read_text(encoding="utf-8")


def test_intervals_enclose_what_was_measured_and_are_the_same_again() -> None:
    found = cards.found()
    first = intervals(cards.ACTUAL, cards.PREDICTED, seed=1)
    assert all(ends.low <= found.metrics[name] <= ends.high for name, ends in first.items())
    assert first == intervals(cards.ACTUAL, cards.PREDICTED, seed=1)


def test_without_further_evidence_every_metric_gets_an_interval() -> None:
    assert set(measured(cards.found()).intervals) == set(cards.METRICS)
