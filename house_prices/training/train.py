"""Training: compare candidate estimators by cross-validation and fit the best on all training sales."""

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.inspection import permutation_importance
from sklearn.metrics import make_scorer
from sklearn.model_selection import GroupKFold, KFold, ParameterSampler
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from house_prices.contract.schema import Contract
from house_prices.errors import SalesError
from house_prices.sales.columns import GROUP
from house_prices.training import conformal as intervals
from house_prices.training import estimators
from house_prices.training.conformal import Intervals
from house_prices.training.features import inputs, prices
from house_prices.training.metrics import measure, rmsle

Folds = list[tuple[np.ndarray, np.ndarray]]
"""For each fold, the row numbers to fit on and those to predict."""
_IMPORTANCE_ROWS = 1000
_ROWS_FOR_THREADS = 100_000


@dataclass(frozen=True, kw_only=True)
class Trial:
    """An estimator with one setting of its parameters, and its error in cross-validation."""

    estimator: str
    parameters: dict[str, object]
    rmsle: float
    """Mean over the folds."""
    spread: float
    """Standard deviation over the folds."""


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """The best estimator, fitted on every training sale."""

    model: TransformedTargetRegressor
    best: Trial
    trials: tuple[Trial, ...]
    """Every setting tried, the best first."""
    cross_validation: dict[str, float]
    """Every metric of the best setting, from predictions for sales it was not fitted on."""
    rows: int
    """Number of sales it was fitted on."""
    search_rows: int
    """Number of sales that the estimators were compared on."""
    intervals: Intervals | None = None
    """None if they are not calibrated, or if there are too few sales for it."""


def train(sales: pd.DataFrame, contract: Contract) -> Fitted:
    """Compare the contract's estimators on training sales and fit the best.

    Raises ContractError for an unknown estimator, SalesError for sales that no model can be trained on.
    """
    estimators.check(contract)
    # Cleaning has rejected values that are not finite; checking again takes a tenth of a cheap fit.
    with threads(len(sales)), config_context(assume_finite=True):
        return _train(sales, contract)


def _train(sales: pd.DataFrame, contract: Contract) -> Fitted:
    features, price = inputs(sales, contract).joined, prices(sales, contract)
    some = slice(contract.training.search_rows)
    _check_sales(price, contract)
    folds = part_folds(sales.iloc[some], contract.training.folds)
    _check_known(sales.iloc[some], folds, contract)
    compared = sorted(
        (
            pair
            for name in contract.training.candidates
            for pair in _search(name, features[some], price[some], folds, contract)
        ),
        key=lambda pair: pair[0].rmsle,
    )
    best, unseen = compared[0]
    return Fitted(
        model=estimators.build(best.estimator, best.parameters, contract).fit(features, price),
        best=best,
        trials=tuple(trial for trial, _ in compared),
        cross_validation=measure(price[some], unseen),
        rows=len(sales),
        search_rows=len(price[some]),
    )


def calibrate(fitted: Fitted, sales: pd.DataFrame, contract: Contract) -> Fitted:
    """Add prediction intervals, calibrated on sales that it was not fitted on; `sales` may be empty."""
    if sales.empty:
        return fitted
    predicted = np.asarray(fitted.model.predict(inputs(sales, contract).joined), dtype=np.float64)
    return replace(fitted, intervals=intervals.fit(predicted, prices(sales, contract)))


def importance(fitted: Fitted, sales: pd.DataFrame, contract: Contract) -> dict[str, float]:
    """The increase in RMSLE when a feature's values are shuffled, largest first."""
    some = sales.iloc[:_IMPORTANCE_ROWS]
    with threads(len(some)):
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


def threads(rows: int) -> AbstractContextManager[object]:
    """Limit threads to one if they would spend more time waiting for each other than working.

    With both cores busy, gradient boosting on 2000 sales took ten times as long with two OpenMP threads.
    Least squares on a tall table take twice the processor time with two BLAS threads and are no faster.
    """
    openmp = 1 if rows < _ROWS_FOR_THREADS else None
    limits: AbstractContextManager[object] = threadpool_limits({"openmp": openmp, "blas": 1})
    return limits


def _search(
    name: str, features: np.ndarray, price: np.ndarray, folds: Folds, contract: Contract
) -> Iterator[tuple[Trial, np.ndarray]]:
    """Each setting of an estimator, with its prediction for each sale from the fold that had not seen it.

    Small folds run in parallel, one core each, because they never wait for each other as threads within a
    fit do. Large folds run one after another, each on all cores, because in parallel they would only
    compete for memory.
    """
    settings = _settings(name, contract)
    jobs = -1 if len(price) < _ROWS_FOR_THREADS else 1
    found = Parallel(n_jobs=jobs, prefer="threads")(
        delayed(_price_fold)(name, settings, features, price, fold, contract) for fold in folds
    )
    for parameters, parts in zip(settings, zip(*found, strict=True), strict=True):
        unseen = np.empty(len(price))
        for (_, held), part in zip(folds, parts, strict=True):
            unseen[held] = part
        errors = [rmsle(price[held], unseen[held]) for _, held in folds]
        mean, spread = float(np.mean(errors)), float(np.std(errors))
        yield Trial(estimator=name, parameters=parameters, rmsle=mean, spread=spread), unseen


def _settings(name: str, contract: Contract) -> list[dict[str, object]]:
    """The parameter settings to try: all combinations, or as many as the contract allows."""
    space = dict(contract.training.candidates[name])
    tries = min(math.prod(map(len, space.values())), contract.training.iterations)
    return list(ParameterSampler(space, tries, random_state=estimators.SEED))


def _price_fold(
    name: str,
    settings: list[dict[str, object]],
    features: np.ndarray,
    price: np.ndarray,
    fold: tuple[np.ndarray, np.ndarray],
    contract: Contract,
) -> list[np.ndarray]:
    """Each setting's predictions for a fold's sales, which are prepared once for all settings."""
    fitted_on, held = fold
    pipeline = estimators.ESTIMATORS[name](contract)
    with threads(len(price)):  # an OpenMP limit applies only to the thread that sets it
        seen = pipeline["preparation"].fit_transform(features[fitted_on])
        unseen = pipeline["preparation"].transform(features[held])
        models = (estimators.on_target(clone(pipeline["model"]).set_params(**s), contract) for s in settings)
        return [np.asarray(model.fit(seen, price[fitted_on]).predict(unseen)) for model in models]


def part_folds(sales: pd.DataFrame, count: int) -> Folds:
    """Split the sales into `count` folds. Sales of one GROUP share a fold, as they share a part."""
    if GROUP not in sales or sales[GROUP].is_unique:
        return list(KFold(count).split(sales))
    return list(GroupKFold(count).split(sales, groups=sales[GROUP]))


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


def _check_known(sales: pd.DataFrame, folds: Folds, contract: Contract) -> None:
    """Reject a number that some fold never sees: estimators would fail with errors that do not name it."""
    names = [feature.name for feature in contract.numbers if not feature.required]
    known = sales[names].notna().to_numpy()
    learnt = np.all([known[fitted_on].any(axis=0) for fitted_on, _ in folds], axis=0)
    rare = [f"{name} in {known[:, at].sum()}" for at, name in enumerate(names) if not learnt[at]]
    if rare:
        raise SalesError(
            f"Features known in too few of {len(sales)} training sales to learn from: {', '.join(rare)}. "
            "Leave them out of the contract, say what an empty cell means, or add sales."
        )
