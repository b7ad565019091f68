"""The estimators that a contract may name. To add one, add an entry to ESTIMATORS."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from sklearn.base import RegressorMixin, TransformerMixin
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from house_prices.contract.schema import Contract
from house_prices.errors import ContractError
from house_prices.training.blend import Blend
from house_prices.training.log1p import Logarithm

SEED = 0

Part = tuple[str, object, list[int]]
"""A name, a transformer, and the columns of the inputs that it transforms."""


def _scaled(contract: Contract, scaler: Callable[[], TransformerMixin] = StandardScaler) -> list[Part]:
    """Imputed and scaled numbers, and one column for each choice, for linear models.

    If the price is fitted on a logarithmic scale, so is every measure that cannot be negative.
    """
    codes = OneHotEncoder(categories=_choices(contract), handle_unknown="ignore", sparse_output=False)
    logs = _measures(contract) if contract.target.log else []
    return [
        ("known", scaler(), _known(contract, but=logs)),
        ("nullable", make_pipeline(_imputer(), scaler()), _nullable(contract, but=logs)),
        ("logarithms", make_pipeline(_imputer(), Logarithm(), scaler()), logs),
        ("choices", codes, _texts(contract)),
    ]


def _imputed(contract: Contract) -> list[Part]:
    """Imputed numbers, and choices as codes, for forests."""
    return [
        ("known", "passthrough", _known(contract)),
        ("nullable", _imputer(), _nullable(contract)),
        ("choices", _codes(contract), _texts(contract)),
    ]


def _raw(contract: Contract) -> list[Part]:
    """Numbers unchanged, and choices as codes, for gradient boosting, which handles NaN itself."""
    return [
        ("numbers", "passthrough", list(range(len(contract.numbers)))),
        ("choices", _codes(contract), _texts(contract)),
    ]


def _both(contract: Contract) -> list[Part]:
    """The columns for gradient boosting, then those for linear models, for the blend."""
    return [(f"raw_{name}", how, columns) for name, how, columns in _raw(contract)] + _scaled(contract)


def _imputer() -> SimpleImputer:
    return SimpleImputer(strategy="median")


def _codes(contract: Contract) -> OrdinalEncoder:
    """Codes in the contract's order of choices, which lists qualities from poor to excellent."""
    return OrdinalEncoder(categories=_choices(contract), handle_unknown="use_encoded_value", unknown_value=-1)


def _choices(contract: Contract) -> list[list[str]]:
    return [list(feature.choices) for feature in contract.categories]


def _nullable(contract: Contract, but: Sequence[int] = ()) -> list[int]:
    """Numbers that may be missing. Only these are imputed, because medians take time."""
    return [at for at, f in enumerate(contract.numbers) if not f.required and at not in but]


def _known(contract: Contract, but: Sequence[int] = ()) -> list[int]:
    return [at for at in range(len(contract.numbers)) if at not in (*_nullable(contract), *but)]


def _measures(contract: Contract) -> list[int]:
    """Numbers that are never negative and not counts, such as areas and lengths.

    Not those that never double, such as degrees of latitude: their logarithms say no more than they do, and
    float32 holds fewer digits of them.
    """
    return [
        at
        for at, f in enumerate(contract.numbers)
        if f.kind == "number"
        and f.minimum is not None
        and f.minimum >= 0
        and (f.maximum is None or f.maximum > 2 * f.minimum)
    ]


def _texts(contract: Contract) -> list[int]:
    width = len(contract.numbers)
    return list(range(width, width + len(contract.categories)))


def _pipeline(parts: list[Part], model: RegressorMixin) -> Pipeline:
    preparation = ColumnTransformer([part for part in parts if part[2]])
    return Pipeline([("preparation", preparation), ("model", model)])


_in_place = partial(MinMaxScaler, copy=False)
"""Scales in place, which is safe: ColumnTransformer passes it a copy of its columns."""

ESTIMATORS: Mapping[str, Callable[[Contract], Pipeline]] = {
    # Least squares predict the same on any scale, and MinMaxScaler takes a third of StandardScaler's time.
    "linear": lambda contract: _pipeline(_scaled(contract, _in_place), LinearRegression()),
    "ridge": lambda contract: _pipeline(_scaled(contract), Ridge()),
    "random_forest": lambda contract: _pipeline(
        _imputed(contract), RandomForestRegressor(n_jobs=-1, random_state=SEED)
    ),
    "extra_trees": lambda contract: _pipeline(
        _imputed(contract), ExtraTreesRegressor(n_jobs=-1, random_state=SEED)
    ),
    "hist_gradient_boosting": lambda contract: _pipeline(
        _raw(contract), HistGradientBoostingRegressor(random_state=SEED)
    ),
    "blend": lambda contract: _pipeline(
        _both(contract), Blend(columns=len(contract.features), random_state=SEED)
    ),
}

AFTER_FIT: Mapping[str, Sequence[str]] = {"blend": ("share",)}
"""Parameters that change how a fitted model predicts, and not how it is fitted."""


def build(name: str, parameters: Mapping[str, object], contract: Contract) -> TransformedTargetRegressor:
    """An unfitted estimator that includes all preprocessing."""
    pipeline = ESTIMATORS[name](contract)
    pipeline["model"].set_params(**parameters)
    return on_target(pipeline, contract)


def on_target(model: RegressorMixin, contract: Contract) -> TransformedTargetRegressor:
    """A model that is fitted on log(price) if the contract says so, and always predicts prices."""
    func, inverse = (np.log, np.exp) if contract.target.log else (None, None)
    return TransformedTargetRegressor(model, func=func, inverse_func=inverse)


def check(contract: Contract) -> None:
    """Raise ContractError with every unknown estimator and parameter."""
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
