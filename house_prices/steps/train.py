"""The fitted pipeline: candidate estimators compared by cross-validation, the best fitted on all sales."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.inspection import permutation_importance
from sklearn.metrics import make_scorer
from sklearn.model_selection import GroupKFold, KFold, RandomizedSearchCV, cross_val_predict

from house_prices.contract import Contract
from house_prices.errors import SalesError
from house_prices.steps import estimators
from house_prices.steps.columns import PROPERTY
from house_prices.steps.inputs import Inputs, inputs, prices
from house_prices.steps.metrics import measure, rmsle

_PARAMETER = "regressor__model__"
_IMPORTANCE_ROWS = 1000


@dataclass(frozen=True, kw_only=True)
class Trial:
    """An estimator with one setting of its parameters, in cross-validation."""

    estimator: str
    parameters: dict[str, object]
    rmsle: float
    """Mean over the folds."""
    spread: float
    """Standard deviation over the folds."""


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """The winner, fitted on every training sale."""

    model: TransformedTargetRegressor
    best: Trial
    trials: tuple[Trial, ...]
    """Every setting tried, the best first."""
    cross_validation: dict[str, float]
    """Every metric of the winner, from predictions for sales it was not fitted on."""
    rows: int
    """Sales it was fitted on."""
    search_rows: int
    """Sales that the estimators were compared on."""


def train(sales: pd.DataFrame, contract: Contract) -> Fitted:
    """Compare the contract's estimators on training sales and fit the best.

    Raises ContractError for an unknown estimator, SalesError for sales that teach nothing.
    """
    estimators.check(contract)
    everything, price = inputs(sales, contract), prices(sales, contract)
    _check_sales(price, contract)
    some = slice(contract.training.search_rows)
    folds = _folds(sales.iloc[some], contract)
    trials = sorted(
        (
            trial
            for name in contract.training.candidates
            for trial in _search(name, everything[some], price[some], folds, contract)
        ),
        key=lambda trial: trial.rmsle,
    )
    best = trials[0]
    model = estimators.build(best.estimator, contract)
    model.set_params(**{_PARAMETER + name: value for name, value in best.parameters.items()})
    unseen = cross_val_predict(clone(model), everything[some].joined, price[some], cv=folds)
    return Fitted(
        model=model.fit(everything.joined, price),
        best=best,
        trials=tuple(trials),
        cross_validation=measure(price[some], unseen),
        rows=len(sales),
        search_rows=len(price[some]),
    )


def importance(fitted: Fitted, sales: pd.DataFrame, contract: Contract) -> dict[str, float]:
    """How much RMSLE grows when a feature's values are shuffled, the largest first."""
    some = sales.iloc[:_IMPORTANCE_ROWS]
    found = permutation_importance(
        fitted.model,
        inputs(some, contract).joined,
        prices(some, contract),
        scoring=make_scorer(rmsle, greater_is_better=False),
        n_repeats=2,
        random_state=estimators.SEED,
    )
    names = [feature.name for feature in (*contract.numbers, *contract.categories)]
    pairs = zip(names, map(float, found.importances_mean), strict=True)
    return dict(sorted(pairs, key=lambda pair: -pair[1]))


def _search(
    name: str,
    features: Inputs,
    price: np.ndarray,
    folds: list[tuple[np.ndarray, np.ndarray]],
    contract: Contract,
) -> list[Trial]:
    space = {_PARAMETER + key: list(values) for key, values in contract.training.candidates[name].items()}
    size = math.prod(len(values) for values in space.values())
    search = RandomizedSearchCV(
        estimators.build(name, contract),
        space,
        n_iter=min(size, contract.training.iterations),
        scoring=make_scorer(rmsle, greater_is_better=False),
        cv=folds,
        refit=False,
        random_state=estimators.SEED,
        error_score="raise",
    ).fit(features.joined, price)
    results = search.cv_results_
    return [
        Trial(
            estimator=name,
            parameters={key.removeprefix(_PARAMETER): value for key, value in parameters.items()},
            rmsle=-float(mean),
            spread=float(spread),
        )
        for parameters, mean, spread in zip(
            results["params"], results["mean_test_score"], results["std_test_score"], strict=True
        )
    ]


def _folds(sales: pd.DataFrame, contract: Contract) -> list[tuple[np.ndarray, np.ndarray]]:
    """Row numbers to fit on and to score on, a pair a fold; a property's sales share a fold."""
    if PROPERTY not in sales:
        return list(KFold(contract.training.folds).split(sales))
    unknown = pd.Series([f"row {row}" for row in range(len(sales))], index=sales.index)
    groups = sales[PROPERTY].fillna(unknown)
    return list(GroupKFold(contract.training.folds).split(sales, groups=groups))


def _check_sales(price: np.ndarray, contract: Contract) -> None:
    if len(price) < 2 * contract.training.folds:
        raise SalesError(
            f"{len(price)} training sales are too few for {contract.training.folds} folds. "
            "Add sales, or lower training.folds."
        )
    if np.ptp(price) == 0:
        raise SalesError(
            f"Every training sale has the same {contract.target.name}, {price[0]:g}: there is nothing to "
            f"learn. Is {contract.target.column!r} the right column?"
        )
