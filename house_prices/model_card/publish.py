"""Writing a version's model card beside its model."""

from pathlib import Path

from house_prices.evaluation.evaluation import Evaluation
from house_prices.gate import GateDecision
from house_prices.model_card import in_life
from house_prices.model_card.card import card_of
from house_prices.model_card.confidence import metric_intervals
from house_prices.model_card.render import render
from house_prices.monitoring.in_life import from_json
from house_prices.registry import IN_LIFE, REPORT, Registry


def publish(registry: Registry, market: str, evaluation: Evaluation, decision: GateDecision) -> Path:
    """Write `report.html`, replacing an earlier one, and return its path."""
    number = evaluation.version
    manifest = registry.version(market, number).manifest
    card = card_of(manifest, number, evaluation, decision, metric_intervals(evaluation))
    page = render(card)
    known = registry.version(market, number).folder / IN_LIFE
    if known.is_file():
        page = in_life.inserted(page, in_life.section(from_json(known.read_bytes())))
    return registry.attach(market, number, REPORT, page.encode())
