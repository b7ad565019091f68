"""The metrics asset."""

from datetime import timedelta
from typing import Any

import dagster as dg
import pandas as pd

from house_prices import plots
from house_prices.assets.metadata import PICKLE, common, key, picture, table
from house_prices.contract import Contract
from house_prices.errors import RegistryError
from house_prices.registry import Registry
from house_prices.resources import Folders
from house_prices.steps import evaluate, export
from house_prices.steps.columns import HOLDOUT, PART, TRAIN
from house_prices.steps.evaluate import Evaluation, Rival
from house_prices.steps.inputs import inputs, prices
from house_prices.steps.metrics import measure
from house_prices.steps.train import Fitted

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
        found = _evaluate(splits, fitted_pipeline, candidate_model["version"], contract, folders.registry)
        unit = contract.target.unit
        rival = found.champion.metrics if found.champion and found.champion.metrics else {}
        return dg.MaterializeResult(
            value=found,
            metadata={
                "version": found.version,
                "sha256": found.sha256,
                **found.metrics,
                **{f"champion_{name}": value for name, value in rival.items()},
                "dummy_rmsle": found.dummy["rmsle"],
                "parity": found.parity,
                "slices": table(
                    ("slice", "sales", *_SLICE),
                    [
                        (name, int(of["rows"]), *(of[column] for column in _SLICE))
                        for name, of in found.slices.items()
                    ],
                ),
                "predicted_against_actual": picture(
                    plots.predicted_against_actual(found.actual, found.predicted, unit)
                ),
                "error_by_price_band": picture(
                    plots.error_by_price_band(found.actual, found.predicted, unit)
                ),
            },
        )

    return asset


def _evaluate(
    splits: pd.DataFrame, fitted: Fitted, number: int, contract: Contract, registry: Registry
) -> Evaluation:
    holdout = splits[splits[PART] == HOLDOUT]
    version = registry.version(contract.name, number)
    version.check()
    model = export.session(version.model.read_bytes())
    houses, actual = inputs(holdout, contract), prices(holdout, contract)
    predicted = export.predict(model, houses)
    parity, parity_rows = evaluate.parity(fitted, model, houses, contract)
    return Evaluation(
        version=number,
        sha256=version.manifest.sha256,
        metrics=measure(actual, predicted),
        cross_validation=fitted.cross_validation,
        dummy=evaluate.dummy(splits[splits[PART] == TRAIN], holdout, contract),
        parity=parity,
        parity_rows=parity_rows,
        champion=_score_champion(holdout, contract, registry),
        slices=evaluate.slices(holdout, predicted, contract),
        actual=actual,
        predicted=predicted,
    )


def _score_champion(holdout: pd.DataFrame, contract: Contract, registry: Registry) -> Rival | None:
    champion = registry.champion(contract.name)
    if champion is None:
        return None
    try:
        version = registry.version(contract.name, champion.version)
        version.check()
    except RegistryError as error:
        return Rival(version=champion.version, metrics=None, problem=str(error))
    model = export.session(version.model.read_bytes())
    return evaluate.score_champion(champion.version, model, holdout, version.manifest.contract)
