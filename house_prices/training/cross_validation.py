"""Cross-validation of the whole training: everything that a training does, repeated in each fold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from house_prices.contract.schema import Contract, Quality
from house_prices.errors import SalesError
from house_prices.progress import Tell, silent
from house_prices.sales.columns import SOLD
from house_prices.training import conformal, onnx_export, train
from house_prices.training.features import inputs, is_dated, newest_day, prices
from house_prices.training.folds import Folds, part_folds, rolling_origins
from house_prices.training.metrics import measure
from house_prices.training.predictions import Predictions


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One complete training."""

    fitted_on: int
    """Sales."""
    calibrated_on: int
    """Sales."""
    estimator: str
    """The best in this fold's search."""
    parameters: dict[str, object]
    """The best estimator's."""
    predictions: Predictions
    """Of the fold's sales, by the exported model."""
    ahead: np.ndarray | None = None
    """[rows]: days from the newest sale that the model was fitted on; None if folds do not look forward."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A limit set by the contract, and the value reached."""

    metric: str
    value: float
    limit: float
    reached: bool
    words: str
    """`at least` or `at most`."""


def assess(
    sales: pd.DataFrame, contract: Contract, count: int, tell: Tell = silent, *, rolling: bool = False
) -> Iterator[Fold]:
    """Train on all folds but one and predict that one, for each fold. A property's sales share a fold.

    If `rolling`, each fold is a part of the newer half of the sales, predicted by a training on what was sold
    before, as of the day of each sale. Sales are set aside to calibrate intervals as in the pipeline: the
    same share of the training sales, the newest if `rolling`, or else other sales in each fold.
    """
    folds = _rolling(sales, contract, count) if rolling else part_folds(sales, count)
    for number, (seen, held) in enumerate(folds):
        aside = _newest_aside if rolling else _set_aside
        fitted_on, calibrated_on = aside(sales.iloc[seen], contract, number)
        as_of = newest_day(sales.iloc[held], contract) if rolling else None
        fitted = train.train_and_calibrate(fitted_on, calibrated_on, contract, tell, as_of=as_of)
        yield Fold(
            fitted_on=len(fitted_on),
            calibrated_on=sum(fitted.intervals.sales) if fitted.intervals else 0,
            estimator=fitted.best.estimator,
            parameters=fitted.best.parameters,
            predictions=_predictions(onnx_export.export(fitted, contract), sales.iloc[held], contract),
            ahead=_ahead(sales, seen, held, contract) if rolling else None,
        )


def _rolling(sales: pd.DataFrame, contract: Contract, count: int) -> Folds:
    folds = rolling_origins(sales, count, contract) if is_dated(sales, contract) else []
    if not folds:
        raise SalesError(
            f"{contract.name}: the sales have no dates, or too few, to be judged by what comes next. Name "
            "their column in keys.sold and let time.adjust compare methods, or leave out --rolling."
        )
    return folds


def _ahead(sales: pd.DataFrame, seen: np.ndarray, held: np.ndarray, contract: Contract) -> np.ndarray:
    days, newest = inputs(sales.iloc[held], contract).days, newest_day(sales.iloc[seen], contract)
    return np.asarray(days, dtype=np.float64) - (newest or 0)


def _newest_aside(sales: pd.DataFrame, contract: Contract, _: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The sales to fit on, and the newest, to calibrate on; a day's sales stay together."""
    share = contract.split.calibration / (1 - contract.split.holdout)
    newest = (sales[SOLD] > sales[SOLD].quantile(1 - share)).to_numpy()
    return sales[~newest], sales[newest]


def _set_aside(sales: pd.DataFrame, contract: Contract, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The sales to fit on, and those to calibrate on."""
    share = contract.split.calibration / (1 - contract.split.holdout)
    if not share:
        return sales, sales.iloc[:0]
    parts = part_folds(sales, max(2, round(1 / share)))
    rest, aside = parts[number % len(parts)]
    return sales.iloc[rest], sales.iloc[aside]


def _predictions(model: bytes, sales: pd.DataFrame, contract: Contract) -> Predictions:
    session, houses = onnx_export.session(model), inputs(sales, contract)
    return onnx_export.predictions(session, houses, prices(sales, contract))


def together(folds: Sequence[Fold]) -> Predictions:
    """Every sale's prediction, from the fold that had not seen it."""
    found = [fold.predictions for fold in folds]
    lower = [one.lower for one in found if one.lower is not None]
    upper = [one.upper for one in found if one.upper is not None]
    all_have_intervals = len(lower) == len(folds)
    return Predictions(
        actual=np.concatenate([one.actual for one in found]),
        price=np.concatenate([one.price for one in found]),
        lower=np.concatenate(lower) if all_have_intervals else None,
        upper=np.concatenate(upper) if all_have_intervals else None,
    )


def figures(predicted: Predictions) -> dict[str, float]:
    """The number of sales, METRICS and, if there are intervals, INTERVAL_METRICS and coverage by quintile."""
    actual, price = predicted.actual, predicted.price
    lower, upper = predicted.lower, predicted.upper
    found = {"sales": float(len(predicted)), **measure(actual, price)}
    if lower is None or upper is None:
        return found
    covered = conformal.coverage_by(conformal.quintile(price), actual, lower, upper)
    return {
        **found,
        "coverage": conformal.coverage(actual, lower, upper),
        "width": conformal.median_width(price, lower, upper),
        "quintile_coverage": min(share for _, share in covered.values()),
        **{f"coverage, quintile {int(at) + 1}": share for at, (_, share) in covered.items()},
    }


def bars(found: Mapping[str, float], quality: Quality) -> list[Bar]:
    """Each limit of the contract with the value reached; a missing value does not reach it."""
    unknown = float("nan")
    low = [
        Bar(
            metric=name,
            value=(value := found.get(name, unknown)),
            limit=limit,
            reached=value >= limit,
            words="at least",
        )
        for name, limit in quality.floors.items()
    ]
    high = [
        Bar(
            metric=name,
            value=(value := found.get(name, unknown)),
            limit=limit,
            reached=value <= limit,
            words="at most",
        )
        for name, limit in quality.ceilings.items()
    ]
    return low + high
