"""Putting a version's report beside its model."""

from pathlib import Path

from house_prices.evaluation.evaluation import Evidence
from house_prices.gate import Verdict
from house_prices.model_card.card import card_of
from house_prices.model_card.confidence import Further, measured
from house_prices.model_card.render import render
from house_prices.registry import REPORT, Registry


def write_report(
    registry: Registry,
    market: str,
    number: int,
    evidence: Evidence,
    verdict: Verdict,
    further: Further | None = None,
) -> Path:
    """Write `report.html`, in the place of an earlier one, and say where it is.

    Without `further`, the metrics' confidence intervals are measured here.
    """
    manifest = registry.version(market, number).manifest
    card = card_of(manifest, number, evidence, verdict, further or measured(evidence))
    return registry.attach(market, number, REPORT, render(card).encode())
