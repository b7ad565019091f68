"""How the training prices markets that move: `python -m benchmarks.moving_markets [TREND]...`

For each trend, a market is drafted, trained and judged on its newest fifth, as a newcomer's file is. The same
estimator is trained on prices freed of the true trend and told it again on the holdout: none can know more.
One draw of sales says little of a bias of a percent, so there are several.
"""

import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import dated_market
from benchmarks.dated_market import TRENDS, Trend
from house_prices.contract import reader
from house_prices.contract.schema import Contract
from house_prices.contract_draft import draft
from house_prices.sales import clean, read, split
from house_prices.sales.columns import CALIBRATION, HOLDOUT, PART, SOLD, TRAIN
from house_prices.training import estimators, onnx_export, threads, train
from house_prices.training.conformal import coverage
from house_prices.training.features import inputs, prices
from house_prices.training.fitted import Fitted
from house_prices.training.metrics import rmsle
from house_prices.training.predictions import Predictions

DRAWS = 5


@dataclass(frozen=True, kw_only=True)
class Result:
    """One market's newest fifth."""

    trend: str
    estimator: str
    rmsle: float
    known_rmsle: float
    """Of the same estimator if it knows the trend."""
    median_ratio: float
    coverage: float
    worst_month: float
    """Coverage in the month with the least."""
    seconds: float
    """Of the training."""

    def __str__(self) -> str:
        return (
            f"{self.trend:<8} {self.estimator:<24} RMSLE {self.rmsle:.4f}, if the trend is known "
            f"{self.known_rmsle:.4f} ({self.rmsle / self.known_rmsle - 1:+.1%}); median ratio "
            f"{self.median_ratio:.3f}; coverage {self.coverage:.3f}, worst month {self.worst_month:.3f}; "
            f"{self.seconds:.0f} s"
        )


def measure(name: str, trend: Trend, *, sales: int = dated_market.SALES, seed: int = 0) -> Result:
    """Draft, train and judge."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "sales.csv")
        dated_market.write(file, dated_market.generate(sales, trend=trend, seed=seed))
        contract = reader.from_values(tomllib.loads(draft(file, "price", "simulated")))
        parted = split.split(clean.clean(read.read([file], contract).sales, contract).sales, contract)
    holdout = parted[parted[PART] == HOLDOUT]
    began = time.perf_counter()
    fitted = train.train_and_calibrate(
        parted[parted[PART] == TRAIN], parted[parted[PART] == CALIBRATION], contract
    )
    seconds = time.perf_counter() - began
    session = onnx_export.session(onnx_export.export(fitted, contract))
    found = onnx_export.predictions(session, inputs(holdout, contract), prices(holdout, contract))
    months = holdout[SOLD].to_numpy() // 100
    return Result(
        trend=name,
        estimator=fitted.best.estimator,
        rmsle=rmsle(found.actual, found.price),
        known_rmsle=_known(parted, fitted, contract, trend),
        median_ratio=float(np.median(found.price / found.actual)),
        coverage=_coverage(found, np.full(len(holdout), True)),
        worst_month=min(_coverage(found, months == month) for month in np.unique(months)),
        seconds=seconds,
    )


def _known(parted: pd.DataFrame, fitted: Fitted, contract: Contract, trend: Trend) -> float:
    """RMSLE of the same estimator, fitted on prices without the true trend, which it is told afterwards."""
    first = pd.Timestamp(dated_market.FIRST)
    years = (pd.to_datetime(parted[SOLD].astype(int).astype(str)) - first).dt.days.to_numpy() / 365.25
    level = np.exp(trend(years))
    held = (parted[PART] == HOLDOUT).to_numpy()
    seen = ~held
    features, actual = inputs(parted, contract).joined, prices(parted, contract)
    with threads.limited(len(parted)):
        model = estimators.build(fitted.best.estimator, fitted.best.parameters, contract)
        priced = model.fit(features[seen], (actual / level)[seen]).predict(features[held])
    return rmsle(actual[held], priced * level[held])


def _coverage(found: Predictions, rows: np.ndarray) -> float:
    some = found[rows]
    if some.lower is None or some.upper is None:
        return float("nan")
    return coverage(some.actual, some.lower, some.upper)


def _mean(results: Sequence[Result]) -> str:
    ratio, found, known, held = (
        np.mean([getattr(one, name) for one in results])
        for name in ("median_ratio", "rmsle", "known_rmsle", "coverage")
    )
    return (
        f"{results[0].trend:<8} mean of {len(results)} draws: RMSLE {found:.4f} ({found / known - 1:+.1%}); "
        f"median ratio {ratio:.3f}; coverage {held:.3f}"
    )


if __name__ == "__main__":
    for name in sys.argv[1:] or TRENDS:
        results = []
        for seed in range(DRAWS):
            results.append(measure(name, TRENDS[name], seed=seed))
            print(results[-1], flush=True)
        print(_mean(results), flush=True)
