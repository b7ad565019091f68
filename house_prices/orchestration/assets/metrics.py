"""The metrics asset."""

from datetime import timedelta
from typing import Any

import dagster as dg
import pandas as pd

from house_prices.contract.schema import Contract
from house_prices.evaluation.evaluate import examine
from house_prices.evaluation.evaluation import Evidence
from house_prices.orchestration import plots
from house_prices.orchestration.assets.metadata import PICKLE, common, key, picture, table
from house_prices.orchestration.resources import Folders
from house_prices.training.train import Fitted

JUDGED_NIGHTLY = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(hours=26), fail_window=timedelta(hours=50)
)
"""A night without a candidate is a warning, two are a failure."""
_SLICE = ("rmsle", "mdape", "ppe10")


def metrics(contract: Contract) -> dg.AssetsDefinition:
    """The evidence that the gate's checks judge."""

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
        splits: pd.DataFrame, fitted_pipeline: Fitted, candidate_model: dict[str, Any], folders: Folders
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """How the published ONNX model prices the holdout, beside a dummy and the champion."""
        number = candidate_model["version"]
        found = examine(splits, fitted_pipeline, number, contract, folders.registry)
        return dg.MaterializeResult(value=found, metadata=_shown(found, contract.target.unit))

    return asset


def _shown(found: Evidence, unit: str) -> dict[str, Any]:
    rival = found.champion.metrics if found.champion and found.champion.metrics else {}
    slices = [
        (name, int(of["rows"]), *(of[column] for column in _SLICE)) for name, of in found.slices.items()
    ]
    return {
        "version": found.version,
        "sha256": found.sha256,
        **found.metrics,
        **{f"champion_{name}": value for name, value in rival.items()},
        **{name: figure.value for name, figure in found.ratio_study.items()},
        **({"coverage": found.interval.coverage} if found.interval else {}),
        "dummy_rmsle": found.dummy["rmsle"],
        "parity": found.parity,
        "slices": table(("slice", "sales", *_SLICE), slices),
        "predicted_against_actual": picture(
            plots.predicted_against_actual(found.actual, found.predicted, unit)
        ),
        "error_by_price_band": picture(plots.error_by_price_band(found.actual, found.predicted, unit)),
    }
