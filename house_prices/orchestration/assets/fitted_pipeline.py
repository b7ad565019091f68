"""The fitted_pipeline asset."""

import dagster as dg
import pandas as pd

from house_prices.contract.schema import Contract
from house_prices.model_card import time_charts
from house_prices.orchestration import plots
from house_prices.orchestration.assets.metadata import (
    PICKLE,
    TRAINING_POOL,
    chart,
    common,
    key,
    picture,
    table,
)
from house_prices.sales.columns import CALIBRATION, PART, TRAIN
from house_prices.training import importance, train
from house_prices.training.conformal import Intervals
from house_prices.training.features import newest_day
from house_prices.training.fitted import Fitted


def fitted_pipeline(contract: Contract) -> dg.AssetsDefinition:
    """The best of the contract's estimators, fitted."""

    @dg.asset(
        **common(contract, "fitted_pipeline"),
        ins={"splits": dg.AssetIn(key(contract, "splits"))},
        kinds={"scikitlearn"},
        io_manager_key=PICKLE,
        pool=TRAINING_POOL,
    )
    def asset(context: dg.AssetExecutionContext, splits: pd.DataFrame) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """The estimator that did best in cross-validation, fitted on every training sale.

        How far its prices may be off is calibrated on sales that it was not fitted on: those set aside for
        it, or else each fold's in cross-validation.
        """
        sales = splits[splits[PART] == TRAIN]
        as_of, calibration = newest_day(splits, contract), splits[splits[PART] == CALIBRATION]
        fitted = train.train_and_calibrate(sales, calibration, contract, context.log.info, as_of=as_of)
        importances = importance.by_permutation(fitted, sales, contract)
        tried = [(t.estimator, _words(t.parameters), t.rmsle, t.spread) for t in fitted.trials]
        return dg.MaterializeResult(
            value=fitted,
            metadata={
                "estimator": fitted.best.estimator,
                "parameters": dg.MetadataValue.json(fitted.best.parameters),
                "fitted_on": fitted.rows,
                "compared_on": fitted.search_rows,
                "trials": table(("estimator", "parameters", "RMSLE, mean of the folds", "spread"), tried),
                **_learning_facts(fitted),
                **{f"cv_{name}": value for name, value in fitted.cross_validation.items()},
                **_interval_facts(fitted.intervals, contract),
                **_time_facts(fitted),
                "feature_importance": picture(plots.feature_importance(importances)),
            },
        )

    return asset


def _learning_facts(fitted: Fitted) -> dict[str, dg.MetadataValue]:
    """The learning curve; empty if there is none."""
    curve = [(f"{one.rows} sales", one.rmsle) for one in fitted.learning_curve]
    return {"learning_curve": table(("fitted on", "RMSLE"), curve)} if curve else {}


def _time_facts(fitted: Fitted) -> dict[str, dg.MetadataValue | str]:
    """The index, the methods compared and the error by how far ahead; empty if dates do not count."""
    if fitted.time is None:
        return {}
    ahead = [(f"up to {one.days}", one.sales, one.rmsle, one.median_ratio) for one in fitted.ahead]
    index = time_charts.market_index(fitted.time)
    return {
        "time_adjustment": fitted.time.method,
        "time_adjustment_rmsle": table(("method", "RMSLE"), fitted.time.compared.items()),
        "ahead": table(("days ahead", "sales", "RMSLE", "median ratio"), ahead),
        **({"market_index": chart(index)} if index else {}),
    }


def _interval_facts(intervals: Intervals | None, contract: Contract) -> dict[str, dg.MetadataValue | int]:
    """How intervals were calibrated; empty if they were not."""
    if intervals is None:
        return {}
    bounds = [*(f"up to {edge:,.0f}" for edge in intervals.edges), "above"]
    factors = zip(bounds, intervals.sales, intervals.lower, intervals.upper, strict=True)
    header = (f"price in {contract.target.unit}", "calibration sales", "lower end", "upper end")
    return {
        "calibrated_on": sum(intervals.sales),
        f"intervals_{1 - intervals.alpha:.0%}": table(header, factors),
    }


def _words(parameters: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in parameters.items()) or "its defaults"
