"""The candidate_model asset."""

import hashlib
import importlib.metadata
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd

from house_prices.contract.schema import Contract
from house_prices.evaluation import measure
from house_prices.monitoring.profile import Profile, profile
from house_prices.orchestration import audit_heads
from house_prices.orchestration.assets.metadata import PICKLE, common, key
from house_prices.orchestration.resources import Folders
from house_prices.registry import PROFILE, Manifest
from house_prices.sales.columns import HOLDOUT, PART, TRAIN
from house_prices.training import onnx_export
from house_prices.training.background import background
from house_prices.training.features import inputs, prices
from house_prices.training.fitted import Fitted

MOST_PROFILED = 200_000
"""Training sales that stand for all of them when served houses are compared."""
LIBRARIES = ("house-prices", "numpy", "onnx", "onnxruntime", "pandas", "scikit-learn", "skl2onnx")


def candidate_model(contract: Contract) -> dg.AssetsDefinition:
    """The fitted pipeline as a published version."""

    @dg.asset(
        **common(contract, "candidate_model"),
        ins={
            "splits": dg.AssetIn(key(contract, "splits")),
            "fitted_pipeline": dg.AssetIn(key(contract, "fitted_pipeline")),
        },
        kinds={"onnx"},
        io_manager_key=PICKLE,
    )
    def asset(
        context: dg.AssetExecutionContext, splits: pd.DataFrame, fitted_pipeline: Fitted, folders: Folders
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """One ONNX graph with all preprocessing inside, published in the registry; not yet promoted."""
        model = onnx_export.export(fitted_pipeline, contract)
        described = _describe(model, fitted_pipeline, splits, contract, context.run.run_id)
        trained_on = np.unique(measure.names_of(splits[splits[PART] != HOLDOUT])).tobytes()
        version = folders.registry.publish(contract.name, model, described, trained_on=trained_on)
        seen = _profile(model, splits, contract).to_json()
        folders.registry.attach(contract.name, version.number, PROFILE, seen)
        context.log_event(audit_heads.observation(folders.registry, contract.name))
        return dg.MaterializeResult(
            value={"version": version.number, "sha256": described.sha256},
            data_version=dg.DataVersion(described.sha256),
            metadata={
                "version": version.number,
                "sha256": described.sha256,
                "bytes": len(model),
                "folder": dg.MetadataValue.path(str(version.folder)),
            },
        )

    return asset


def _profile(model: bytes, splits: pd.DataFrame, contract: Contract) -> Profile:
    session = onnx_export.session(model)
    seen, held = splits[splits[PART] == TRAIN], splits[splits[PART] == HOLDOUT]
    if len(seen) > MOST_PROFILED:
        seen = seen.sample(MOST_PROFILED, random_state=0)
    houses = inputs(seen, contract)
    priced = onnx_export.predictions(session, inputs(held, contract), prices(held, contract))
    return profile(houses, onnx_export.predict(session, houses), priced, contract)


def _describe(
    model: bytes, fitted: Fitted, splits: pd.DataFrame, contract: Contract, run_id: str
) -> Manifest:
    session, seen = onnx_export.session(model), inputs(splits[splits[PART] == TRAIN], contract)
    training: dict[str, Any] = {
        **asdict(fitted.best),
        "rows": fitted.rows,
        "cross_validation": fitted.cross_validation,
        "intervals": asdict(fitted.intervals) if fitted.intervals else None,
        "trials": [asdict(trial) for trial in fitted.trials],
        **({"time_adjustment": dict(fitted.time.compared)} if fitted.time else {}),
        **(
            {"learning_curve": [asdict(one) for one in fitted.learning_curve]}
            if fitted.learning_curve
            else {}
        ),
        **({"ahead": [asdict(one) for one in fitted.ahead]} if fitted.ahead else {}),
    }
    return Manifest(
        sha256=hashlib.sha256(model).hexdigest(),
        created_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        contract=contract,
        ranges=onnx_export.ranges(seen, contract),
        golden=onnx_export.golden(session, inputs(splits[splits[PART] == HOLDOUT], contract)),
        training=training,
        data={str(name): value for name, value in splits.attrs.items()},
        dates=fitted.time.dates if fitted.time else None,
        background=background(seen, onnx_export.predict(session, seen), contract),
        lineage={"run_id": run_id, **{name: importlib.metadata.version(name) for name in LIBRARIES}},
    )
