"""A model card from a few lines: the evaluation on a made-up holdout, and the huts' manifest."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from house_prices.evaluation.evaluation import ChampionComparison, Evaluation
from house_prices.gate import GateDecision, Outcome, RuleResult
from house_prices.model_card import Card, card_of
from house_prices.model_card.view import ConfidenceInterval
from house_prices.registry import Golden, Manifest
from house_prices.training.metrics import measure
from house_prices.training.predictions import Predictions
from tests import evaluations, models

ACTUAL = np.linspace(100_000.0, 300_000.0, 120)
PREDICTED = ACTUAL * (1 + 0.12 * np.sin(np.arange(120)))
METRICS = measure(ACTUAL, PREDICTED)
KEPT = RuleResult(rule="parity", outcome=Outcome.PASS, sentence="They agree.", numbers={"difference": 2e-6})
BROKEN = RuleResult(
    rule="floors",
    outcome=Outcome.FAIL,
    sentence="PPE10 is too low.",
    numbers={"ppe10": 0.31},
    details={"server_log": "it stopped"},
)
OPEN = RuleResult(rule="fresh_holdout", outcome=Outcome.NEEDS_REVIEW, sentence="Asked too often.", numbers={})
PASSED = GateDecision(results=(KEPT,))
FAILED = GateDecision(results=(KEPT, OPEN, BROKEN))


def manifest(*, contract: Mapping[str, object] | None = None, **changes: Any) -> Manifest:
    """The manifest of a version of the huts; `contract` changes parts of theirs."""
    plain: dict[str, Any] = {
        "sha256": "ab" * 32,
        "created_at": "2026-01-31T12:30:00+00:00",
        "contract": models.contract(**(contract or {})),
        "ranges": {"area": (20.0, 250.0), "rooms": (1.0, 9.0)},
        "golden": Golden(numbers=(), categories=(), prices=()),
        "training": {"estimator": "ridge", "parameters": {"alpha": 3}, "rows": 480},
        "data": {"files": {"huts.csv": "cd" * 32}, "read": 610, "kept": 600, "rejected": {"a duplicate": 10}},
        "lineage": {"run_id": "a run", "scikit-learn": "1.9.1"},
    }
    return Manifest(**(plain | changes))


def found(**changes: Any) -> Evaluation:
    """What the holdout says of that version."""
    plain: dict[str, Any] = {
        "metrics": METRICS,
        "cross_validation": METRICS,
        "baseline": measure(ACTUAL, np.full_like(ACTUAL, 200_000.0)),
        "interval": None,
        "slices": {"roof = flat": {"rows": 90.0, **METRICS}, "roof = gable": {"rows": 30.0, **METRICS}},
        "predictions": Predictions(actual=ACTUAL, price=PREDICTED),
    }
    return evaluations.evaluation(**(plain | changes))


def champion(**changes: Any) -> ChampionComparison:
    """A champion on all of the holdout, with errors twice as large."""
    twice = measure(ACTUAL, ACTUAL + 2 * (PREDICTED - ACTUAL))
    return evaluations.comparison(**({"version": 6, "metrics": twice, "sales": len(ACTUAL)} | changes))


def card(
    *,
    of: Manifest | None = None,
    evaluation: Evaluation | None = None,
    decision: GateDecision = PASSED,
    confidence: Mapping[str, ConfidenceInterval] | None = None,
) -> Card:
    """The card of version 7."""
    return card_of(of or manifest(), 7, evaluation or found(), decision, confidence)
