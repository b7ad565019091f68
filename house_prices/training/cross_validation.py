"""Cross-validation of the whole training: everything that a training does, repeated in each fold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from house_prices.contract.schema import Contract, Quality
from house_prices.progress import Tell, silent
from house_prices.training import conformal, onnx_export, train
from house_prices.training.features import inputs, prices
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


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A limit set by the contract, and the value reached."""

    metric: str
    value: float
    limit: float
    reached: bool
    words: str
    """`at least` or `at most`."""


def assess(sales: pd.DataFrame, contract: Contract, count: int, tell: Tell = silent) -> Iterator[Fold]:
    """Train on all folds but one and predict that one, for each fold. A property's sales share a fold.

    Sales are set aside to calibrate intervals as in the pipeline: the same share of the training sales, but
    other sales in each fold.
    """
    for number, (seen, held) in enumerate(train.part_folds(sales, count)):
        fitted_on, calibrated_on = _set_aside(sales.iloc[seen], contract, number)
        fitted = train.train_and_calibrate(fitted_on, calibrated_on, contract, tell)
        yield Fold(
            fitted_on=len(fitted_on),
            calibrated_on=sum(fitted.intervals.sales) if fitted.intervals else 0,
            estimator=fitted.best.estimator,
            parameters=fitted.best.parameters,
            predictions=_predictions(onnx_export.export(fitted, contract), sales.iloc[held], contract),
        )


def _set_aside(sales: pd.DataFrame, contract: Contract, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The sales to fit on, and those to calibrate on."""
    share = contract.split.calibration / (1 - contract.split.holdout)
    if not share:
        return sales, sales.iloc[:0]
    parts = train.part_folds(sales, max(2, round(1 / share)))
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
