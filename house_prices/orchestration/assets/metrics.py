"""The metrics asset."""

from datetime import timedelta
from typing import Any

import dagster as dg
import pandas as pd

from house_prices import gate
from house_prices.contract.schema import Contract, Gate
from house_prices.evaluation.evaluate import Serve, evaluate
from house_prices.evaluation.evaluation import Evaluation
from house_prices.gate import GateDecision
from house_prices.model_card import charts, time_charts
from house_prices.orchestration import audit_heads
from house_prices.orchestration.assets.metadata import PICKLE, chart, common, key, table
from house_prices.orchestration.resources import Folders
from house_prices.training.fitted import Fitted
from house_prices.training.time_adjustment import INDEX, TimeAdjustment

JUDGED_NIGHTLY = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(hours=26), fail_window=timedelta(hours=50)
)
"""A night without a candidate is a warning, two are a failure."""
_SLICE = ("rmsle", "mdape", "ppe10")
_NEWEST_MONTHS = 12
"""Months of the holdout and of the index that are told as plain numbers."""


def metrics(contract: Contract) -> dg.AssetsDefinition:
    """The evaluation that the gate's checks judge."""

    @dg.asset(
        **common(contract, "metrics"),
        ins={
            name: dg.AssetIn(key(contract, name)) for name in ("splits", "fitted_pipeline", "candidate_model")
        },
        kinds={"onnx", "scikitlearn"},
        io_manager_key=PICKLE,
        freshness_policy=JUDGED_NIGHTLY,
    )
    def asset(
        context: dg.AssetExecutionContext,
        splits: pd.DataFrame,
        fitted_pipeline: Fitted,
        candidate_model: dict[str, Any],
        folders: Folders,
        serve: dg.ResourceParam[Serve],
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """How the published ONNX model prices the holdout, compared with a baseline and the champion."""
        number, registry = candidate_model["version"], folders.registry
        found = evaluate(
            splits, fitted_pipeline, number, contract, registry, serve=serve, tell=context.log.info
        )
        decision = gate.decide(found, contract.gate)
        registry.record_decision(contract.name, audited(found, decision, context.run.run_id))
        context.log_event(audit_heads.observation(registry, contract.name))
        return dg.MaterializeResult(
            value=found, metadata={"decision": decision.outcome.value, **_shown(found, contract)}
        )

    return asset


def audited(found: Evaluation, decision: GateDecision, run_id: str) -> dict[str, object]:
    """What the audit log keeps of a decision."""
    return {
        "version": found.version,
        "sha256": found.sha256,
        "holdout": found.holdout,
        "evaluations": found.evaluations,
        "metrics": dict(found.metrics),
        "champion": found.champion and found.champion.version,
        "passed": decision.passed,
        "outcome": decision.outcome.value,
        "reasons": list(decision.reasons),
        "run_id": run_id,
    }


def _shown(found: Evaluation, contract: Contract) -> dict[str, Any]:
    champion = found.champion.metrics if found.champion and found.champion.metrics else {}
    slices = [
        (name, int(of["rows"]), *(of[column] for column in _SLICE)) for name, of in found.slices.items()
    ]
    actual, price, unit = found.predictions.actual, found.predictions.price, contract.target.unit
    return {
        "version": found.version,
        "sha256": found.sha256,
        **found.metrics,
        **{f"champion_{name}": value for name, value in champion.items()},
        **{name: figure.value for name, figure in found.ratio_study.items()},
        **({"coverage": found.interval.coverage} if found.interval else {}),
        "baseline_rmsle": found.baseline["rmsle"],
        "parity": found.parity,
        "slices": table(("slice", "sales", *_SLICE), slices),
        "predicted_against_actual": chart(charts.predicted_against_actual(actual, price, unit)),
        "error_by_price_band": chart(charts.error_by_price_band(actual, price, unit)),
        **_dated(found, contract.gate),
    }


def _dated(found: Evaluation, gate: Gate) -> dict[str, Any]:
    """The index and the holdout by month, as plain numbers and as pictures; empty without dates."""
    judged = [(name, month) for name, month in found.months.items() if month.sales >= gate.slice_rows]
    numbers = {
        f"{what}_{name.replace('-', '_')}": value
        for name, month in judged[-_NEWEST_MONTHS:]
        for what, value in (("median_ratio", month.median_ratio), ("coverage", month.coverage))
        if value is not None
    }
    pictures = time_charts.pictures(found, gate)
    return {
        **numbers,
        **(_index(found.time) if found.time else {}),
        **{picture.title.lower().replace(" ", "_"): chart(picture) for picture in pictures},
    }


def _index(time: TimeAdjustment) -> dict[str, float]:
    """The level of prices in the newest months up to the reference date, at which it is 1."""
    if time.method != INDEX:
        return {}
    return {
        f"index_{month.replace('-', '_')}": level
        for month, level in list(time.by_month.items())[-_NEWEST_MONTHS:]
    }
