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
from house_prices.progress import Tell, now_and_then, silent
from house_prices.sales.columns import GROUP, SOLD
from house_prices.training import conformal as intervals
from house_prices.training import estimators, time_adjustment
from house_prices.training.ahead import Ahead, by_ahead
from house_prices.training.conformal import Intervals
from house_prices.training.features import Inputs, inputs, is_dated, newest_day, prices
from house_prices.training.metrics import measure, rmsle
from house_prices.training.time_adjustment import NOTHING, TimeAdjustment

Folds = list[tuple[np.ndarray, np.ndarray]]
"""For each fold, the row numbers to fit on and those to predict."""
_IMPORTANCE_ROWS = 1000
_NEWEST_ORIGINS = 2
"""Rolling origins on which the methods of time adjustment are compared."""
_CALIBRATION_HALF_LIFE_DAYS = 90
"""Age at which a sale counts half as much in calibration as the newest; longer if they would be too few."""
_CALIBRATION_WEIGHT = 500
"""Sales that are enough to calibrate all bins of intervals: in fewer, a rank's rounding makes them wide."""
_ENOUGH_TO_CALIBRATE = 250
"""Calibration sales that are enough by themselves; if dates count, they are the newest."""
_AS_GOOD = 1.01
"""A method is as good as the best if its RMSLE is at most this much of it: the first such is taken."""
_ROWS_FOR_THREADS = 100_000
_FEWEST_TO_LEARN, _JUDGED_TO_LEARN = 50_000, 50_000
"""Sales that a learning curve begins with, and those that it is measured on."""


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
class Learned:
    """How well a model that was fitted on so many sales prices others."""

    rows: int
    rmsle: float


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """Sales with predictions as of their dates, from a model that was not fitted on them."""

    days: np.ndarray | None
    """[rows], from 1970-01-01; None if they have no dates"""
    actual: np.ndarray
    """[rows]"""
    price: np.ndarray
    """[rows]"""
    variance: np.ndarray
    """[rows]: of the market's level on that day, on the log scale."""

    def followed_by(self, others: "Unseen") -> "Unseen":
        """These sales followed by the others."""
        dated = self.days is not None and others.days is not None
        return Unseen(
            days=np.concatenate([self.days, others.days]) if dated else None,
            actual=np.concatenate([self.actual, others.actual]),
            price=np.concatenate([self.price, others.price]),
            variance=np.concatenate([self.variance, others.variance]),
        )


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """The best estimator, fitted on every training sale."""

    model: TransformedTargetRegressor
    """Prices as of the reference date, from `time.features`; use `predict`."""
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
    time: TimeAdjustment | None = None
    """None if dates do not count: there are none, or too few, or the contract says so."""
    unseen: Unseen | None = None
    """The sales that the folds held back, priced with the best setting."""
    ahead: tuple[Ahead, ...] = ()
    """Errors of the best setting by how far ahead it priced; empty if the folds do not look forward."""
    learning_curve: tuple[Learned, ...] = ()
    """Of the best setting, the fewest sales first; empty if it was fitted on all of them at once."""

    def predict(self, houses: Inputs) -> np.ndarray:
        """The price of each house as of its valuation date: [rows]."""
        return _predict(self.model, self.time, houses)


def train(
    sales: pd.DataFrame, contract: Contract, tell: Tell = silent, *, as_of: int | None = None
) -> Fitted:
    """Compare the contract's estimators on training sales and fit the best.

    If the sales have dates, each is compared by rolling origins: fitted on the past, and judged by what comes
    next. `as_of` is the model's reference date, in days from 1970-01-01; the newest sale's if not given.
    Raises ContractError for an unknown estimator, SalesError for sales that no model can be trained on.
    """
    estimators.check(contract)
    # Cleaning has rejected values that are not finite; checking again takes a tenth of a cheap fit.
    with threads(len(sales)), config_context(assume_finite=True):
        found = _train(sales, contract, as_of, now_and_then(tell))
    if found.ahead:
        tell(f"{found.best.estimator} on what came next: {', '.join(map(str, found.ahead))}")
    return found


def _train(sales: pd.DataFrame, contract: Contract, as_of: int | None, tell: Tell) -> Fitted:
    houses, price = inputs(sales, contract), prices(sales, contract)
    some = slice(contract.training.search_rows)
    _check_sales(price, contract)
    count = contract.training.folds
    forward = rolling_origins(sales.iloc[some], count, contract) if is_dated(sales, contract) else []
    folds = forward or part_folds(sales.iloc[some], count)
    _check_known(sales.iloc[some], folds, contract)
    method = contract.time.adjust[0] if forward else time_adjustment.NONE
    found = _Sales(houses=houses[some], price=price[some], folds=folds, contract=contract)
    adjusted = found.adjusted(method)
    compared = sorted(
        (pair for name in contract.training.candidates for pair in _search(name, adjusted, tell)),
        key=lambda pair: pair[0].rmsle,
    )
    best, unseen = compared[0]
    judged = np.concatenate([held for _, held in folds])
    time = None
    if forward:
        tell(f"comparing methods of time adjustment: {', '.join(contract.time.adjust)}")
        errors = _compare_methods(best, found, method, unseen)
        method = next(name for name, error in errors.items() if error <= _AS_GOOD * min(errors.values()))
        time = time_adjustment.fit(method, houses, price, contract, as_of=as_of)
        time = replace(time, compared=errors)
    if contract.engine.in_memory or len(sales) < 2 * _FEWEST_TO_LEARN:
        tell(f"fitting {best.estimator} on {len(sales)} sales")
        rows, curve = len(sales), list[Learned]()
        model = _fit(best, houses, price, contract, time)
    else:
        model, curve = _fit_on_enough(best, houses, price, contract, time, tell)
        rows = curve[-1].rows
    return Fitted(
        model=model,
        best=best,
        trials=tuple(trial for trial, _ in compared),
        cross_validation=measure(price[judged], unseen[judged]),
        rows=rows,
        search_rows=len(price[some]),
        time=time,
        unseen=_held_back(adjusted, unseen),
        ahead=_ahead(adjusted, unseen) if forward else (),
        learning_curve=tuple(curve),
    )


def _fit_on_enough(
    best: Trial,
    houses: Inputs,
    price: np.ndarray,
    contract: Contract,
    time: TimeAdjustment | None,
    tell: Tell,
) -> tuple[TransformedTargetRegressor, list[Learned]]:
    """Fit on twice as many sales again and again, until the last ones are priced hardly better by it."""
    judged = slice(-_JUDGED_TO_LEARN, None)
    most, rows, curve = len(price) - _JUDGED_TO_LEARN, _FEWEST_TO_LEARN, list[Learned]()
    while True:
        tell(f"fitting {best.estimator} on {rows} sales")
        model = _fit(best, houses[:rows], price[:rows], contract, time)
        error = rmsle(price[judged], _predict(model, time, houses[judged]))
        gain = 1 - error / curve[-1].rmsle if curve else math.inf
        curve.append(Learned(rows=rows, rmsle=error))
        if rows == most or gain < contract.training.least_gain:
            return model, curve
        rows = min(2 * rows, most)


def refit(fitted: Fitted, sales: pd.DataFrame, contract: Contract) -> Fitted:
    """The same estimator, parameters and method, fitted on more sales: those that calibrated it, too."""
    houses, price = inputs(sales, contract), prices(sales, contract)
    time = fitted.time
    if time is not None:
        again = time_adjustment.fit(time.method, houses, price, contract, as_of=time.reference)
        time = replace(again, compared=time.compared)
    with threads(len(sales)), config_context(assume_finite=True):
        model = _fit(fitted.best, houses, price, contract, time)
    return replace(fitted, model=model, time=time, rows=len(sales))


def _predict(model: TransformedTargetRegressor, time: TimeAdjustment | None, houses: Inputs) -> np.ndarray:
    time = time or NOTHING
    price = model.predict(time.features(houses).joined)
    return np.asarray(price * time.factor(houses.days), dtype=np.float64)


def _fit(
    best: Trial, houses: Inputs, price: np.ndarray, contract: Contract, time: TimeAdjustment | None
) -> TransformedTargetRegressor:
    time = time or NOTHING
    model = estimators.build(best.estimator, best.parameters, time.contract(contract))
    weights = time.weights(houses.days)
    weighted = {} if weights is None else {"model__sample_weight": weights}
    return model.fit(time.features(houses).joined, price / time.factor(houses.days), **weighted)


@dataclass(frozen=True, kw_only=True)
class _Adjusted:
    """Sales, and for each fold how it takes dates into account, learnt from the sales it is fitted on."""

    houses: Inputs
    price: np.ndarray
    folds: Folds
    times: list[TimeAdjustment]
    contract: Contract


@dataclass(frozen=True, kw_only=True)
class _Sales:
    """The sales that the estimators are compared on."""

    houses: Inputs
    price: np.ndarray
    folds: Folds
    contract: Contract

    def adjusted(self, method: str, folds: slice = slice(None)) -> _Adjusted:
        """The same with a method of time adjustment, learnt anew in each fold."""
        some = self.folds[folds]
        times = [
            time_adjustment.fit(method, self.houses[seen], self.price[seen], self.contract)
            for seen, _ in some
        ]
        return _Adjusted(
            houses=self.houses, price=self.price, folds=some, times=times, contract=self.contract
        )


def _held_back(sales: _Adjusted, unseen: np.ndarray) -> Unseen:
    """The predictions for the sales that each fold held back."""
    judged = np.concatenate([held for _, held in sales.folds])
    variance = [
        _variance(time, sales.houses[held]) for (_, held), time in zip(sales.folds, sales.times, strict=True)
    ]
    return Unseen(
        days=sales.houses[judged].days,
        actual=sales.price[judged],
        price=unseen[judged],
        variance=np.concatenate(variance),
    )


def _ahead(sales: _Adjusted, unseen: np.ndarray) -> tuple[Ahead, ...]:
    """Errors by how far ahead the folds priced."""
    if sales.houses.days is None:
        return ()
    judged = np.concatenate([held for _, held in sales.folds])
    days = [
        sales.houses.days[held] - time.last for (_, held), time in zip(sales.folds, sales.times, strict=True)
    ]
    return tuple(by_ahead(np.concatenate(days), sales.price[judged], unseen[judged]))


def _compare_methods(best: Trial, found: _Sales, first: str, unseen: np.ndarray) -> dict[str, float]:
    """RMSLE of each method with the best estimator, on the newest origins.

    `unseen` are its predictions with the first method: [rows].
    """
    newest = slice(-_NEWEST_ORIGINS, None)
    errors = {
        first: float(np.mean([rmsle(found.price[held], unseen[held]) for _, held in found.folds[newest]]))
    }
    for method in found.contract.time.adjust:
        if method not in errors:
            trials = _search(best.estimator, found.adjusted(method, newest), silent, [best.parameters])
            errors[method] = next(trials)[0].rmsle
    return errors


def train_and_calibrate(
    sales: pd.DataFrame,
    calibration: pd.DataFrame,
    contract: Contract,
    tell: Tell = silent,
    *,
    as_of: int | None = None,
) -> Fitted:
    """Train and add prediction intervals. If `calibration` is empty, the training's folds calibrate them.

    If dates count, the calibration sales are the newest: once they have calibrated, the model is fitted on
    them as well, so that it knows the newest prices.
    """
    if as_of is None and not calibration.empty:
        as_of = newest_day(calibration, contract)
    fitted = calibrate(train(sales, contract, tell, as_of=as_of), calibration, contract)
    if fitted.time is None or calibration.empty:
        return fitted
    return refit(fitted, pd.concat([sales[: fitted.rows], calibration], ignore_index=True), contract)


def calibrate(fitted: Fitted, sales: pd.DataFrame, contract: Contract) -> Fitted:
    """Add prediction intervals, calibrated on sales that it was not fitted on.

    If `sales` is empty, the sales that the folds held back calibrate; if dates count, they also join a few
    sales, and newer ones weigh more.
    """
    unseen = fitted.unseen
    if not sales.empty:
        aside = _set_aside(fitted, sales, contract)
        few = fitted.time is not None and len(sales) < _ENOUGH_TO_CALIBRATE
        unseen = unseen.followed_by(aside) if unseen and few else aside
    if unseen is None:
        return fitted
    if fitted.time is None or unseen.days is None:
        return replace(fitted, intervals=intervals.fit(unseen.price, unseen.actual))
    weights = np.ones(len(unseen.days))
    if len(sales) < _ENOUGH_TO_CALIBRATE:
        weights = _newer_count_more(unseen.days.max() - unseen.days)
    found = intervals.fit(
        unseen.price,
        unseen.actual,
        weights=weights,
        variance=float(np.average(unseen.variance, weights=weights)),
    )
    return replace(fitted, intervals=found)


def _newer_count_more(age: np.ndarray) -> np.ndarray:
    """Weights of calibration sales by age in days: [rows]. The older count more if the newer are too few."""
    half_life, oldest = float(_CALIBRATION_HALF_LIFE_DAYS), float(age.max())
    weights = 0.5 ** (age / half_life)
    while weights.sum() < min(_CALIBRATION_WEIGHT, 0.9 * len(age)) and half_life < 10 * oldest:
        half_life *= 1.5
        weights = 0.5 ** (age / half_life)
    return np.asarray(weights)


def _set_aside(fitted: Fitted, sales: pd.DataFrame, contract: Contract) -> Unseen:
    houses = inputs(sales, contract)
    return Unseen(
        days=houses.days,
        actual=prices(sales, contract),
        price=fitted.predict(houses),
        variance=_variance(fitted.time or NOTHING, houses),
    )


def _variance(time: TimeAdjustment, houses: Inputs) -> np.ndarray:
    return np.zeros(len(houses)) if houses.days is None else time.variance(houses.days)


def importance(fitted: Fitted, sales: pd.DataFrame, contract: Contract) -> dict[str, float]:
    """The increase in RMSLE when a feature's values are shuffled, largest first."""
    some = sales.iloc[:_IMPORTANCE_ROWS]
    houses, time = inputs(some, contract), fitted.time or NOTHING
    with threads(len(some)):
        found = permutation_importance(
            fitted.model,
            time.features(houses).joined,
            prices(some, contract) / time.factor(houses.days),
            scoring=make_scorer(rmsle, greater_is_better=False),
            n_repeats=2,
            random_state=estimators.SEED,
        )
    known = time.contract(contract)
    names = [feature.name for feature in (*known.numbers, *known.categories)]
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
    name: str, sales: _Adjusted, tell: Tell, settings: list[dict[str, object]] | None = None
) -> Iterator[tuple[Trial, np.ndarray]]:
    """Each setting of an estimator, with its prediction for each sale from the fold that had not seen it.

    A sale that no fold holds back has no prediction: NaN.

    Small folds run in parallel, one core each, because they never wait for each other as threads within a
    fit do. Large folds run one after another, each on all cores, because in parallel they would only
    compete for memory.
    """
    settings = settings or _settings(name, sales.contract)
    price = sales.price
    jobs = -1 if len(price) < _ROWS_FOR_THREADS else 1
    work = Parallel(n_jobs=jobs, prefer="threads", return_as="generator")(
        delayed(_price_fold)(name, settings, sales, number) for number in range(len(sales.folds))
    )
    names, found = list(sales.contract.training.candidates), []
    for part in work:
        found.append(part)
        tell(
            f"comparing estimators on {len(price)} sales: {name}, {names.index(name) + 1} of {len(names)}, "
            f"fold {len(found)} of {len(sales.folds)} with {len(settings)} settings each"
        )
    for parameters, parts in zip(settings, zip(*found, strict=True), strict=True):
        unseen = np.full(len(price), np.nan)
        for (_, held), part in zip(sales.folds, parts, strict=True):
            unseen[held] = part
        errors = [rmsle(price[held], unseen[held]) for _, held in sales.folds]
        mean, spread = float(np.mean(errors)), float(np.std(errors))
        yield Trial(estimator=name, parameters=parameters, rmsle=mean, spread=spread), unseen


def _settings(name: str, contract: Contract) -> list[dict[str, object]]:
    """The parameter settings to try: all combinations, or as many as the contract allows."""
    space = dict(contract.training.candidates[name])
    tries = min(math.prod(map(len, space.values())), contract.training.iterations)
    return list(ParameterSampler(space, tries, random_state=estimators.SEED))


def _price_fold(
    name: str, settings: list[dict[str, object]], sales: _Adjusted, number: int
) -> list[np.ndarray]:
    """Each setting's predictions for a fold's sales, which are prepared once for all settings.

    Settings that differ only in what a fitted model predicts with share one fit.
    """
    late = estimators.AFTER_FIT.get(name, ())
    fits: dict[str, TransformedTargetRegressor] = {}
    predicted = []
    (fitted_on, held), time = sales.folds[number], sales.times[number]
    past, next_ones = sales.houses[fitted_on], sales.houses[held]
    contract = time.contract(sales.contract)
    pipeline = estimators.ESTIMATORS[name](contract)
    target, weights = sales.price[fitted_on] / time.factor(past.days), time.weights(past.days)
    weighted = {} if weights is None else {"sample_weight": weights}
    with threads(len(sales.price)):  # an OpenMP limit applies only to the thread that sets it
        seen = pipeline["preparation"].fit_transform(time.features(past).joined)
        unseen = pipeline["preparation"].transform(time.features(next_ones).joined)
        for setting in settings:
            key = repr([pair for pair in setting.items() if pair[0] not in late])
            if key not in fits:
                model = clone(pipeline["model"]).set_params(**setting)
                fits[key] = estimators.on_target(model, contract).fit(seen, target, **weighted)
            fits[key].regressor_.set_params(**setting)
            predicted.append(np.asarray(fits[key].predict(unseen)) * time.factor(next_ones.days))
    return predicted


def part_folds(sales: pd.DataFrame, count: int) -> Folds:
    """Split the sales into `count` folds. Sales of one GROUP share a fold, as they share a part."""
    if GROUP not in sales or sales[GROUP].is_unique:
        return list(KFold(count).split(sales))
    return list(GroupKFold(count).split(sales, groups=sales[GROUP]))


def rolling_origins(sales: pd.DataFrame, count: int, contract: Contract) -> Folds:
    """Folds that look forward: each part of the newer half of the sales, and what was sold before it.

    There are `count` parts. A property that is sold again in a part is not fitted on. Empty if there
    are too few dates for two such folds. (R. Hyndman, G. Athanasopoulos, Forecasting: Principles and
    Practice, 3rd ed. 2021, section 5.10.)
    """
    sold = sales[SOLD].to_numpy()
    starts = np.unique(np.quantile(sold, 0.5 + 0.5 * np.arange(count) / count, method="higher"))
    ends = np.append(starts[1:], np.inf)
    group = sales[GROUP].to_numpy() if GROUP in sales else np.arange(len(sales))
    folds = []
    for start, end in zip(starts, ends, strict=True):
        held = (sold >= start) & (sold < end)
        before = np.flatnonzero((sold < start) & ~np.isin(group, group[held]))
        if len(before) >= 2 * count:
            folds.append((before, np.flatnonzero(held)))
    names = [feature.name for feature in contract.numbers if not feature.required]
    known = sales[names].notna().to_numpy()
    folds = [fold for fold in folds if known[fold[0]].any(axis=0).all() or not names]
    return folds if len(folds) > 1 else []


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
