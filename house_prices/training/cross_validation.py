"""Cross-validation of the whole training: everything that a training does, repeated in each fold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from house_prices.contract.schema import Contract, Quality
from house_prices.training import conformal, onnx_export, train
from house_prices.training.features import inputs, prices
from house_prices.training.metrics import measure


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Predicted and actual prices of sales that the model has not seen."""

    actual: NDArray[np.float64]
    """[rows]"""
    price: NDArray[np.float64]
    """[rows], from the ONNX model."""
    interval: tuple[NDArray[np.float64], NDArray[np.float64]] | None
    """Lower and upper ends: [rows] each. None if the market calibrates no intervals."""


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
    answers: Answers


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A limit set by the contract, and the value reached."""

    metric: str
    value: float
    limit: float
    reached: bool
    words: str
    """`at least` or `at most`."""


def assess(sales: pd.DataFrame, contract: Contract, count: int) -> Iterator[Fold]:
    """Train on all folds but one and predict that one, for each fold. A property's sales share a fold.

    Intervals are calibrated on the same share of the training sales as in the pipeline, but on other sales
    in each fold.
    """
    for number, (seen, held) in enumerate(train.part_folds(sales, count)):
        fitted_on, calibrated_on = _set_aside(sales.iloc[seen], contract, number)
        fitted = train.calibrate(train.train(fitted_on, contract), calibrated_on, contract)
        yield Fold(
            fitted_on=len(fitted_on),
            calibrated_on=len(calibrated_on),
            estimator=fitted.best.estimator,
            parameters=fitted.best.parameters,
            answers=_answers(onnx_export.export(fitted, contract), sales.iloc[held], contract),
        )


def _set_aside(sales: pd.DataFrame, contract: Contract, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The sales to fit on, and those to calibrate on."""
    share = contract.split.calibration / (1 - contract.split.holdout)
    if not share:
        return sales, sales.iloc[:0]
    parts = train.part_folds(sales, max(2, round(1 / share)))
    rest, aside = parts[number % len(parts)]
    return sales.iloc[rest], sales.iloc[aside]


def _answers(model: bytes, sales: pd.DataFrame, contract: Contract) -> Answers:
    session, houses = onnx_export.session(model), inputs(sales, contract)
    price, interval = onnx_export.predict_with_interval(session, houses)
    return Answers(actual=prices(sales, contract), price=price, interval=interval)


def together(folds: Sequence[Fold]) -> Answers:
    """Every sale's prediction, from the fold that had not seen it."""
    all_of = [fold.answers for fold in folds]
    ends = [answers.interval for answers in all_of if answers.interval is not None]
    lower, upper = (np.concatenate(end) for end in zip(*ends, strict=True)) if ends else (None, None)
    return Answers(
        actual=np.concatenate([answers.actual for answers in all_of]),
        price=np.concatenate([answers.price for answers in all_of]),
        interval=None if lower is None or upper is None or len(ends) < len(folds) else (lower, upper),
    )


def figures(answers: Answers) -> dict[str, float]:
    """The number of sales, METRICS and, if there are intervals, INTERVAL_METRICS and coverage by quintile."""
    found = {"sales": float(len(answers.price)), **measure(answers.actual, answers.price)}
    if answers.interval is None:
        return found
    fifths = conformal.quintile(answers.price)
    covered = conformal.coverage_by(fifths, answers.actual, *answers.interval)
    return {
        **found,
        "coverage": conformal.coverage(answers.actual, *answers.interval),
        "width": conformal.median_width(answers.price, *answers.interval),
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
