"""The search: estimators, their settings and methods of time adjustment, compared on what folds hold back."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import ParameterSampler
from sklearn.utils.parallel import Parallel, delayed

from house_prices.contract.schema import Contract
from house_prices.progress import Tell
from house_prices.training import estimators, threads, time_adjustment
from house_prices.training.ahead import Ahead, by_ahead
from house_prices.training.features import Inputs
from house_prices.training.folds import Folds
from house_prices.training.metrics import rmsle
from house_prices.training.time_adjustment import TimeAdjustment


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
class Sales:
    """The sales that the estimators are compared on."""

    houses: Inputs
    price: np.ndarray
    """[rows]"""
    folds: Folds
    contract: Contract

    def adjusted(self, *methods: str) -> "Adjusted":
        """The same with methods of time adjustment, one after another, learnt anew in each fold."""
        times = [
            time_adjustment.fit(method, self.houses[seen], self.price[seen], self.contract)
            for method in methods
            for seen, _ in self.folds
        ]
        folds = self.folds * len(methods)
        return Adjusted(
            houses=self.houses, price=self.price, folds=folds, times=times, contract=self.contract
        )


@dataclass(frozen=True, kw_only=True)
class Adjusted:
    """Sales, and for each fold how it takes dates into account, learnt from the sales it is fitted on."""

    houses: Inputs
    price: np.ndarray
    """[rows]"""
    folds: Folds
    times: list[TimeAdjustment]
    contract: Contract

    @property
    def judged(self) -> np.ndarray:
        """The rows that a fold holds back, fold after fold."""
        return np.concatenate([held for _, held in self.folds])

    def held_back(self, unseen: np.ndarray) -> Unseen:
        """The sales that the folds hold back, with their predictions: [rows], NaN for the others."""
        variance = [time.variance_of(self.houses[held]) for (_, held), time in self._timed()]
        return Unseen(
            days=self.houses[self.judged].days,
            actual=self.price[self.judged],
            price=unseen[self.judged],
            variance=np.concatenate(variance),
        )

    def ahead(self, unseen: np.ndarray) -> tuple[Ahead, ...]:
        """Errors of those predictions by how far ahead they were made."""
        if self.houses.days is None:
            return ()
        days = [self.houses.days[held] - time.last for (_, held), time in self._timed()]
        return tuple(by_ahead(np.concatenate(days), self.price[self.judged], unseen[self.judged]))

    def _timed(self) -> Iterator[tuple[tuple[np.ndarray, np.ndarray], TimeAdjustment]]:
        return zip(self.folds, self.times, strict=True)


def compare(sales: Adjusted, tell: Tell) -> list[tuple[Trial, np.ndarray]]:
    """Every setting of every candidate, the best first, with its predictions: [rows].

    A sale that no fold holds back has no prediction: NaN.
    """
    candidates = sales.contract.training.candidates
    found = [pair for name in candidates for pair in _try(name, sales, tell)]
    return sorted(found, key=lambda pair: pair[0].rmsle)


def compare_methods(best: Trial, sales: Sales) -> dict[str, float]:
    """RMSLE of each method of time adjustment with the best estimator, on the two newest origins as one.

    On the newest alone if properties that are sold again in either leave few sales to fit on.
    """
    methods = sales.contract.time.adjust
    (past, first), newest = sales.folds[-2:]
    earlier = np.intersect1d(past, newest[0])
    if len(earlier) > len(past) / 2:
        newest = earlier, np.concatenate([first, newest[1]])
    each = replace(sales, folds=[newest]).adjusted(*methods)
    parts = _price_folds(best.estimator, [best.parameters], each)
    actual = sales.price[newest[1]]
    return {method: rmsle(actual, part) for method, (part,) in zip(methods, parts, strict=True)}


def _try(name: str, sales: Adjusted, tell: Tell) -> Iterator[tuple[Trial, np.ndarray]]:
    """Each setting of an estimator, with its prediction for each sale from the fold that had not seen it."""
    settings, price = _settings(name, sales.contract), sales.price
    names, found = list(sales.contract.training.candidates), []
    for part in _price_folds(name, settings, sales):
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


def _price_folds(name: str, settings: list[dict[str, object]], sales: Adjusted) -> Iterable[list[np.ndarray]]:
    """Each fold's predictions, those of one setting after those of another.

    Small folds run in parallel, one core each, because they never wait for each other as threads within a
    fit do. Large folds run one after another, each on all cores, because in parallel they would only
    compete for memory.
    """
    jobs = -1 if len(sales.price) < threads.ENOUGH_ROWS else 1
    found: Iterable[list[np.ndarray]] = Parallel(n_jobs=jobs, prefer="threads", return_as="generator")(
        delayed(_price_fold)(name, settings, sales, number) for number in range(len(sales.folds))
    )
    return found


def _settings(name: str, contract: Contract) -> list[dict[str, object]]:
    """The parameter settings to try: all combinations, or as many as the contract allows."""
    space = dict(contract.training.candidates[name])
    tries = min(math.prod(map(len, space.values())), contract.training.iterations)
    return list(ParameterSampler(space, tries, random_state=estimators.SEED))


def _price_fold(
    name: str, settings: list[dict[str, object]], sales: Adjusted, number: int
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
    with threads.limited(len(sales.price)):  # an OpenMP limit applies only to the thread that sets it
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
