"""The fitted_pipeline asset."""

import dagster as dg
import pandas as pd

from house_prices import plots
from house_prices.assets.metadata import OWNERS, PICKLE, TRAINING_POOL, key, picture, table
from house_prices.contract import Contract
from house_prices.steps import train
from house_prices.steps.columns import PART, TRAIN


def fitted_pipeline(contract: Contract) -> dg.AssetsDefinition:
    """The best of the contract's estimators, fitted."""

    @dg.asset(
        key=key(contract, "fitted_pipeline"),
        ins={"splits": dg.AssetIn(key(contract, "splits"))},
        group_name=contract.name,
        kinds={"scikitlearn"},
        owners=OWNERS,
        io_manager_key=PICKLE,
        pool=TRAINING_POOL,
    )
    def asset(splits: pd.DataFrame) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """The estimator that did best in cross-validation, fitted on every training sale."""
        sales = splits[splits[PART] == TRAIN]
        fitted = train.train(sales, contract)
        importance = train.importance(fitted, sales, contract)
        tried = {
            f"{trial.estimator} {trial.parameters or ''}": f"{trial.rmsle:.4g}" for trial in fitted.trials
        }
        return dg.MaterializeResult(
            value=fitted,
            metadata={
                "estimator": fitted.best.estimator,
                "parameters": dg.MetadataValue.json(fitted.best.parameters),
                "fitted_on": fitted.rows,
                "compared_on": fitted.search_rows,
                "trials": table(("estimator", "RMSLE in cross-validation"), tried),
                **{f"cv_{name}": value for name, value in fitted.cross_validation.items()},
                "feature_importance": picture(plots.feature_importance(importance)),
            },
        )

    return asset
