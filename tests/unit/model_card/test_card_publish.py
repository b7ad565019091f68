"""A card is written beside its model, and can be written again."""

from pathlib import Path

from house_prices.model_card import publish
from house_prices.model_card.confidence import metric_intervals
from house_prices.registry import Registry
from house_prices.registry.verify import verify
from tests import cards, models


def test_the_card_lies_beside_the_model_and_is_the_versions(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    version = models.publish(registry)
    path = publish(registry, "huts", cards.found(version=version.number), cards.PASSED)
    assert path == version.report
    assert "Huts" in path.read_text(encoding="utf-8")
    assert verify(registry, "huts") == []


def test_a_second_decision_replaces_the_card(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    version = models.publish(registry)
    for decision in (cards.PASSED, cards.FAILED):
        publish(registry, "huts", cards.found(version=version.number), decision)
    assert "Rejected by the gate" in version.report.read_text(encoding="utf-8")


def test_intervals_enclose_what_was_measured_and_are_the_same_again() -> None:
    found = cards.found()
    first = metric_intervals(found)
    assert set(first) == set(cards.METRICS)
    assert all(ends.low <= found.metrics[name] <= ends.high for name, ends in first.items())
    assert first == metric_intervals(found)
