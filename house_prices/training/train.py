"""Training: compare candidate estimators and fit the best on all training sales."""

from dataclasses import replace

import numpy as np
import pandas as pd
from sklearn import config_context

from house_prices.contract.schema import Contract
from house_prices.errors import SalesError
from house_prices.progress import Tell, now_and_then, silent
from house_prices.training import estimators, fitting, search, threads, time_adjustment
from house_prices.training.calibration import calibrate
from house_prices.training.features import inputs, is_dated, newest_day, prices
from house_prices.training.fitted import Fitted
from house_prices.training.folds import check_known, part_folds, rolling_origins
from house_prices.training.metrics import measure

_AS_GOOD = 1.01
"""A method is as good as the best if its RMSLE is at most this much of it: the first such is taken."""


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
    with threads.limited(len(sales)), config_context(assume_finite=True):
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
    check_known(sales.iloc[some], folds, contract)
    method = contract.time.adjust[0] if forward else time_adjustment.NONE
    found = search.Sales(houses=houses[some], price=price[some], folds=folds, contract=contract)
    adjusted = found.adjusted(method)
    compared = search.compare(adjusted, tell)
    best, unseen = compared[0]
    time = None
    if forward:
        tell(f"comparing methods of time adjustment: {', '.join(contract.time.adjust)}")
        errors = search.compare_methods(best, found)
        method = next(name for name, error in errors.items() if error <= _AS_GOOD * min(errors.values()))
        time = time_adjustment.fit(method, houses, price, contract, as_of=as_of)
        time = replace(time, compared=errors)
    model, curve = fitting.fit_on_enough(best, houses, price, contract, time, tell)
    return Fitted(
        model=model,
        best=best,
        trials=tuple(trial for trial, _ in compared),
        cross_validation=measure(price[adjusted.judged], unseen[adjusted.judged]),
        rows=curve[-1].rows if curve else len(sales),
        search_rows=len(price[some]),
        time=time,
        unseen=adjusted.held_back(unseen),
        ahead=adjusted.ahead(unseen) if forward else (),
        learning_curve=tuple(curve),
    )


def refit(fitted: Fitted, sales: pd.DataFrame, contract: Contract) -> Fitted:
    """The same estimator, parameters and method, fitted on more sales: those that calibrated it, too."""
    houses, price = inputs(sales, contract), prices(sales, contract)
    time = fitted.time
    if time is not None:
        again = time_adjustment.fit(time.method, houses, price, contract, as_of=time.reference)
        time = replace(again, compared=time.compared)
    with threads.limited(len(sales)), config_context(assume_finite=True):
        model = fitting.fit(fitted.best, houses, price, contract, time)
    return replace(fitted, model=model, time=time, rows=len(sales))


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
