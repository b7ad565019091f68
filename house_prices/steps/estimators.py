"""The estimators that a contract may name. A new one is one more function in ESTIMATORS."""

from collections.abc import Callable, Mapping

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from house_prices.contract import Contract
from house_prices.errors import ContractError

SEED = 0


def _scaled(contract: Contract, model: RegressorMixin) -> Pipeline:
    """Imputed and standardized numbers, one column a choice: what linear models want."""
    imputed = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    codes = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return _pipeline(contract, model, always=StandardScaler(), seldom=imputed, categories=codes)


def _imputed(contract: Contract, model: RegressorMixin) -> Pipeline:
    """Imputed numbers, choices as codes: what forests want."""
    seldom = SimpleImputer(strategy="median")
    return _pipeline(contract, model, always="passthrough", seldom=seldom, categories=_codes())


def _raw(contract: Contract, model: RegressorMixin) -> Pipeline:
    """Numbers as they are, choices as codes: gradient boosting makes its own way with NaN."""
    return _pipeline(contract, model, always="passthrough", seldom="passthrough", categories=_codes())


def _codes() -> OrdinalEncoder:
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)


def _pipeline(
    contract: Contract, model: RegressorMixin, *, always: object, seldom: object, categories: object
) -> Pipeline:
    """Numbers that are always known are prepared apart from those that may be NaN: medians cost time."""
    nullable = [not feature.required for feature in contract.numbers]
    width = len(nullable)
    parts = [
        ("known", always, [at for at in range(width) if not nullable[at]]),
        ("nullable", seldom, [at for at in range(width) if nullable[at]]),
        ("categories", categories, list(range(width, width + len(contract.categories)))),
    ]
    return Pipeline(
        [("preparation", ColumnTransformer([part for part in parts if part[2]])), ("model", model)]
    )


ESTIMATORS: Mapping[str, Callable[[Contract], Pipeline]] = {
    "linear": lambda contract: _scaled(contract, LinearRegression()),
    "ridge": lambda contract: _scaled(contract, Ridge()),
    "random_forest": lambda contract: _imputed(contract, RandomForestRegressor(n_jobs=-1, random_state=SEED)),
    "extra_trees": lambda contract: _imputed(contract, ExtraTreesRegressor(n_jobs=-1, random_state=SEED)),
    "hist_gradient_boosting": lambda contract: _raw(
        contract, HistGradientBoostingRegressor(random_state=SEED)
    ),
}


def build(name: str, parameters: Mapping[str, object], contract: Contract) -> TransformedTargetRegressor:
    """An unfitted estimator with all preprocessing inside."""
    pipeline = ESTIMATORS[name](contract)
    pipeline["model"].set_params(**parameters)
    return on_target(pipeline, contract)


def on_target(model: RegressorMixin, contract: Contract) -> TransformedTargetRegressor:
    """A model that is fitted on log(price) where the contract says so, and answers prices."""
    func, inverse = (np.log, np.exp) if contract.target.log else (None, None)
    return TransformedTargetRegressor(model, func=func, inverse_func=inverse)


def check(contract: Contract) -> None:
    """Raise ContractError with every estimator and parameter that there is not."""
    faults = []
    for name, space in contract.training.candidates.items():
        if name not in ESTIMATORS:
            faults.append(f"training.candidates.{name}: is unknown, allowed: {', '.join(ESTIMATORS)}")
            continue
        known = ESTIMATORS[name](contract)["model"].get_params()
        for parameter in space:
            if parameter not in known:
                allowed = ", ".join(sorted(known))
                faults.append(f"training.candidates.{name}.{parameter}: is unknown, allowed: {allowed}")
    if faults:
        raise ContractError(f"contract {contract.name}", faults)
