"""A candidate's evaluation in numbers that pass every rule, for tests to spoil one at a time."""

from typing import Any

import numpy as np

from house_prices.evaluation.evaluation import (
    ChampionComparison,
    Evaluation,
    IntervalCoverage,
    ServingTest,
    SliceComparison,
)
from house_prices.evaluation.ratio_study import Figure
from house_prices.training.predictions import Predictions

METRICS = {
    "r2": 0.9,
    "mse": 4e8,
    "rmse": 2e4,
    "mae": 1.5e4,
    "mape": 0.09,
    "rmsle": 0.12,
    "mdape": 0.06,
    "ppe10": 0.7,
    "ppe20": 0.9,
}


def serving(**changes: Any) -> ServingTest:
    """A server that did everything right."""
    sound: dict[str, Any] = {
        "problem": "",
        "log": "served",
        "rows": 650,
        "difference": 1e-6,
        "worst_request": "the house it differs most on",
        "wrong_answers": (),
        "bad_requests": 20,
        "load_s": 1.0,
        "p99_ms": 3.0,
        "champion_p99_ms": None,
        "memory_mb": 100.0,
        "model_mb": 0.5,
    }
    return ServingTest(**{**sound, **changes})


def comparison(**changes: Any) -> ChampionComparison:
    """A champion that the candidate beats."""
    beaten: dict[str, Any] = {
        "version": 3,
        "sha256": "champion",
        "metrics": METRICS,
        "sales": 2500,
        "estimate": -0.05,
        "low": -0.08,
        "high": -0.02,
        "alpha": 0.025,
        "slices": {"north": one_slice(), "south": one_slice()},
        "median_width": 0.40,
        "newer_data": True,
    }
    return ChampionComparison(**{**beaten, **changes})


def one_slice(**changes: Any) -> SliceComparison:
    """A slice in which the candidate is no worse."""
    sound: dict[str, Any] = {"sales": 300, "estimate": -0.04, "low": -0.07, "p_value": 1.0}
    return SliceComparison(**{**sound, **changes})


def interval(**changes: Any) -> IntervalCoverage:
    """Intervals that hold what they promise."""
    sound: dict[str, Any] = {
        "coverage": 0.90,
        "sales": 2500,
        "median_width": 0.40,
        "slices": {"north": (300, 0.9), "tiny": (10, 0.1)},
    }
    return IntervalCoverage(**{**sound, **changes})


def evaluation(**changes: Any) -> Evaluation:
    """A first candidate that passes."""
    sound: dict[str, Any] = {
        "version": 4,
        "sha256": "candidate",
        "metrics": METRICS,
        "cross_validation": METRICS,
        "baseline": {**METRICS, "rmsle": 0.4},
        "ratio_study": {
            name: Figure(value=1.0, low=0.99, high=1.01) for name in ("median_ratio", "cod", "prd", "prb")
        },
        "parity": 1e-6,
        "parity_rows": 650,
        "holdout": "holdout",
        "evaluations": 1,
        "interval": interval(),
        "champion": None,
        "serving": serving(),
        "slices": {"north": {"rows": 300.0, **METRICS}},
        "predictions": Predictions(actual=np.array([1.0, 2.0]), price=np.array([1.0, 2.0])),
    }
    return Evaluation(**{**sound, **changes})
