"""Writing a version's model card beside its model."""

from pathlib import Path

from house_prices.evaluation.evaluation import Evaluation
from house_prices.gate import GateDecision
from house_prices.model_card.card import card_of
from house_prices.model_card.confidence import metric_intervals
from house_prices.model_card.render import render
from house_prices.registry import REPORT, Registry


def publish(registry: Registry, market: str, evaluation: Evaluation, decision: GateDecision) -> Path:
    """Write `report.html`, replacing an earlier one, and return its path."""
    number = evaluation.version
    manifest = registry.version(market, number).manifest
    card = card_of(manifest, number, evaluation, decision, metric_intervals(evaluation))
    return registry.attach(market, number, REPORT, render(card).encode())
