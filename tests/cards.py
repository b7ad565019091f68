"""A model card from a few lines: the evidence on a made-up holdout, and the huts' manifest."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from house_prices.registry import Golden, Manifest
from house_prices.report import Card, Further, card_of
from house_prices.steps.evaluate import Evaluation, Rival
from house_prices.steps.gate import Ruling, Verdict
from house_prices.steps.metrics import measure
from tests import models

ACTUAL = np.linspace(100_000.0, 300_000.0, 120)
PREDICTED = ACTUAL * (1 + 0.12 * np.sin(np.arange(120)))
PASSED = Verdict(
    rulings=(Ruling(rule="parity", passed=True, sentence="They agree.", numbers={"difference": 2e-6}),)
)
FAILED = Verdict(
    rulings=(
        *PASSED.rulings,
        Ruling(rule="floors", passed=False, sentence="PPE10 is too low.", numbers={"ppe10": 0.31}),
    )
)


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


def evaluation(**changes: Any) -> Evaluation:
    """What the holdout says of that version."""
    found = measure(ACTUAL, PREDICTED)
    plain: dict[str, Any] = {
        "version": 7,
        "sha256": "ab" * 32,
        "metrics": found,
        "cross_validation": found,
        "dummy": measure(ACTUAL, np.full_like(ACTUAL, 200_000.0)),
        "parity": 2e-6,
        "parity_rows": 120,
        "champion": None,
        "slices": {"roof = flat": {"rows": 90.0, **found}, "roof = gable": {"rows": 30.0, **found}},
        "actual": ACTUAL,
        "predicted": PREDICTED,
    }
    return Evaluation(**(plain | changes))


def champion(version: int = 6, worse: float = 1.0) -> Rival:
    """A champion with errors so many times as large."""
    return Rival(version=version, metrics=measure(ACTUAL, ACTUAL + (PREDICTED - ACTUAL) * worse))


def card(
    *,
    of: Manifest | None = None,
    found: Evaluation | None = None,
    verdict: Verdict = PASSED,
    further: Further | None = None,
) -> Card:
    """The card of version 7."""
    return card_of(of or manifest(), 7, found or evaluation(), verdict, further)
