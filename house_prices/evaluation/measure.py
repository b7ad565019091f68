"""What the gate needs to know about a candidate, measured on its ONNX file."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnxruntime as ort
import pandas as pd
from numpy.typing import NDArray

from house_prices.contract import compatibility
from house_prices.contract.schema import Contract
from house_prices.evaluation import bootstrap
from house_prices.evaluation.evaluation import ChampionComparison, IntervalCoverage, Month, SliceComparison
from house_prices.evaluation.ratio_study import median_ratio
from house_prices.registry import Dates
from house_prices.sales.columns import GROUP, HOLDOUT, PART, SOLD
from house_prices.training import onnx_export, threads
from house_prices.training.features import Inputs, inputs, prices
from house_prices.training.fitted import Fitted
from house_prices.training.metrics import measure, rmsle
from house_prices.training.predictions import Predictions, Prices, Rows

QUINTILES = 5


@dataclass(frozen=True, kw_only=True)
class Model:
    """A published model, ready to price."""

    version: int
    sha256: str
    contract: Contract
    session: ort.InferenceSession
    trained_on: NDArray[np.uint32]
    """Identifies the sales it was trained on, as `names_of` does."""
    data: object
    """Identifies the raw files it was trained on."""
    dates: Dates | None = None
    """None if dates do not count for it."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Houses with the prices that scikit-learn's pipeline gives them, which every other way must repeat."""

    houses: Inputs
    """The holdout, then the edge cases."""
    prices: Prices
    """[houses]"""
    least: float
    """The cheapest price of the holdout. An edge case may be priced at next to nothing, where float32
    rounds coarsely: its difference is a share of this price."""


def expect(fitted: Fitted, houses: Inputs, contract: Contract) -> Expected:
    """The houses and the edge cases made of them, priced by scikit-learn."""
    asked = houses.followed_by(edge_cases(houses, contract))
    with threads.limited(len(asked)):
        expected = fitted.predict(asked)
    return Expected(
        houses=asked, prices=expected, least=max(float(np.min(np.abs(expected[: len(houses)]))), 1e-9)
    )


def predict(model: "Model", houses: Inputs, actual: Prices) -> Predictions:
    """The model asked once. Edge cases follow the sold houses, and have no actual price: NaN."""
    known = np.concatenate([actual, np.full(len(houses) - len(actual), np.nan)])
    return onnx_export.predictions(model.session, houses, known)


def relative_difference(served: Prices, ours: Prices, least: float) -> float:
    """Largest |served - ours| as a share of ours, or of `least`; infinite if one is not a number."""
    difference = np.abs(served - ours) / np.maximum(np.abs(ours), least)
    return float(np.max(np.where(np.isnan(difference), np.inf, difference)))


def edge_cases(houses: Inputs, contract: Contract) -> Inputs:
    """Edge cases made of houses: missing optional numbers, unknown choices, hard bounds."""
    numbers, categories = houses.numbers[:64].copy(), houses.categories[:64].copy()
    for column, feature in enumerate(contract.numbers):
        bounds = [b for b in (feature.minimum, feature.maximum) if b is not None]
        values = bounds + ([] if feature.required else [float("nan")])
        for at, value in enumerate(values):
            numbers[(column + at * 7) % len(numbers), column] = value
    for column in range(categories.shape[1]):
        categories[column % len(categories), column] = "a choice never seen"
        categories[(column + 3) % len(categories), column] = ""
    days = None if houses.days is None else houses.days[:64].copy()
    if days is not None:
        days[0:4] = (np.nan, 0, 2**24, days[0])[: len(days)]
    return Inputs(numbers=numbers, categories=categories, days=days)


def baseline(train: pd.DataFrame, holdout: pd.DataFrame, contract: Contract) -> dict[str, float]:
    """Metrics of the median training price, or of the median price by area where the contract names one."""
    actual, known = prices(holdout, contract), prices(train, contract)
    if contract.gate.area is None:
        return measure(actual, np.full_like(actual, np.median(known)))
    area, sizes = train[contract.gate.area].to_numpy(), holdout[contract.gate.area].to_numpy()
    per_unit = np.nanmedian(known / np.where(area > 0, area, np.nan))
    return measure(actual, np.where(sizes > 0, sizes * per_unit, np.median(known)))


def holdout_hash(holdout: pd.DataFrame, contract: Contract) -> str:
    """sha256 of the holdout's contents, whatever their order."""
    columns = [feature.name for feature in contract.features] + [contract.target.name]
    rows = np.sort(pd.util.hash_pandas_object(holdout[columns], index=False).to_numpy())
    return hashlib.sha256(rows.tobytes()).hexdigest()


def names_of(sales: pd.DataFrame) -> NDArray[np.uint32]:
    """A number for each sale's property, or for the sale if its property is unknown: [rows].

    Half of GROUP's bits: two properties that share a number cost at most a few holdout sales in a thousand.
    """
    return np.asarray((sales[GROUP].to_numpy() & 0xFFFFFFFF).astype("<u4"))


def slice_rows(holdout: pd.DataFrame, predicted: Prices, contract: Contract) -> dict[str, Rows]:
    """Row numbers of each slice, named before looking at any error.

    Fifths by `predicted` price (never by the actual one, which would make every model look biased), the
    values of the contract's slice columns, and the sales with something missing.
    """
    order = np.argsort(predicted, kind="stable")
    fifths = np.array_split(order, QUINTILES)
    found = {f"price fifth {number}": rows for number, rows in enumerate(fifths, start=1)}
    for name in contract.slices:
        for value, rows in sorted(holdout.groupby(name).indices.items(), key=lambda item: str(item[0])):
            label = f"{name} = {value:g}" if isinstance(value, float) else f"{name} = {value}"
            found[label] = np.asarray(rows, dtype=np.int64)
    names = [feature.name for feature in contract.features]
    missing = np.flatnonzero(holdout[names].isna().any(axis=1).to_numpy())
    if len(missing):
        found["something missing"] = missing
    return found


def slice_metrics(found: Predictions, slices: Mapping[str, Rows]) -> dict[str, dict[str, float]]:
    """Metrics of each slice with at least two sales, and its `rows`."""
    return {
        name: {"rows": float(len(rows)), **measure(found.actual[rows], found.price[rows])}
        for name, rows in slices.items()
        if len(rows) > 1
    }


def interval_coverage(found: Predictions, slices: Mapping[str, Rows]) -> IntervalCoverage | None:
    """How often the intervals contain the actual price; None if there are none."""
    within = found.within
    if within is None or found.lower is None or found.upper is None:
        return None
    return IntervalCoverage(
        coverage=float(within.mean()),
        sales=len(found),
        median_width=float(np.median((found.upper - found.lower) / found.price)),
        slices={name: (len(rows), float(within[rows].mean())) for name, rows in slices.items() if len(rows)},
    )


def by_month(holdout: pd.DataFrame, found: Predictions) -> dict[str, Month]:
    """The holdout by month of sale, each priced as of its day; empty if the sales have no dates."""
    if SOLD not in holdout:
        return {}
    months = holdout[SOLD].to_numpy(dtype=np.int64) // 100
    within = found.within
    return {
        f"{month // 100}-{month % 100:02}": Month(
            sales=int(np.count_nonzero(at)),
            median_ratio=median_ratio(found.actual[at], found.price[at]),
            rmsle=rmsle(found.actual[at], found.price[at]),
            coverage=None if within is None else float(within[at].mean()),
        )
        for month in np.unique(months)
        for at in [months == month]
    }


def compare(
    candidate: Model,
    champion: Model,
    splits: pd.DataFrame,
    found: Predictions,
    contract: Contract,
    *,
    evaluations: int,
) -> ChampionComparison:
    """Both on the holdout, less the properties that either was trained on. `found` are the candidate's."""
    missing = [feature.name for feature in champion.contract.features if feature.name not in splits]
    if missing:
        problem = f"it needs {', '.join(missing)}, which the contract no longer has"
        return unpriced(champion.version, champion.sha256, champion.contract, contract, problem)
    holdout = splits[splits[PART] == HOLDOUT]
    seen = np.isin(names_of(holdout), np.concatenate([candidate.trained_on, champion.trained_on]))
    new = holdout[~seen]
    if len(new) < 2:
        problem = "each of its sales was in the training of one of the two"
        return unpriced(champion.version, champion.sha256, champion.contract, contract, problem)
    return _compare(candidate, champion, new, found[~seen], contract, bootstrap.spend(evaluations))


def unpriced(
    version: int, sha256: str, champion: Contract, contract: Contract, problem: str = ""
) -> ChampionComparison:
    """The comparison with a champion of which only the typed API can be compared."""
    breaks = tuple(compatibility.breaks(champion, contract))
    return ChampionComparison(version=version, sha256=sha256, problem=problem, api_breaks=breaks)


def _compare(
    candidate: Model,
    champion: Model,
    new: pd.DataFrame,
    mine: Predictions,
    contract: Contract,
    alpha: float,
) -> ChampionComparison:
    actual = mine.actual
    theirs = predict(champion, inputs(new, champion.contract), actual)
    slices = slice_rows(new, theirs.price, contract)
    resolution = contract.gate.parity
    errors = bootstrap.errors(actual, mine.price, theirs.price, new[GROUP].to_numpy(), resolution=resolution)
    seed = bootstrap.seed_of([holdout_hash(new, contract), candidate.sha256, champion.sha256])
    difference = bootstrap.compare(errors, seed=seed)
    median, median_high = bootstrap.median_error_ratio(
        actual, mine.price, theirs.price, resolution=resolution, seed=seed, alpha=alpha
    )
    their_intervals = interval_coverage(theirs, {})
    undated = candidate.dates and not champion.dates
    level = float(np.median(actual / theirs.price)) if undated else None
    return ChampionComparison(
        version=champion.version,
        sha256=champion.sha256,
        metrics=measure(actual, theirs.price),
        sales=len(new),
        estimate=difference.estimate,
        low=difference.low(alpha),
        high=difference.high(alpha),
        alpha=alpha,
        median_error_ratio=median,
        median_error_high=median_high,
        slices={
            name: _slice(errors, rows, contract.gate.slice_margin, seed)
            for name, rows in slices.items()
            if len(rows) >= contract.gate.slice_rows
        },
        median_width=their_intervals.median_width if their_intervals else None,
        coverage=their_intervals.coverage if their_intervals else None,
        reference_date=champion.dates.reference if champion.dates else None,
        level=level,
        level_estimate=difference.estimate if level is None else _at_level(mine, theirs.price * level),
        newer_data=candidate.data != champion.data,
        api_breaks=tuple(compatibility.breaks(champion.contract, contract)),
    )


def _at_level(mine: Predictions, theirs: Prices) -> float:
    """The relative difference in RMSLE to prices at the market's level."""
    return rmsle(mine.actual, mine.price) / max(rmsle(mine.actual, theirs), 1e-9) - 1


def _slice(errors: bootstrap.PairedErrors, rows: Rows, margin: float, seed: int) -> SliceComparison:
    difference = bootstrap.compare(errors[rows], seed=seed)
    return SliceComparison(
        sales=len(rows),
        estimate=difference.estimate,
        low=difference.low(0.05),
        p_value=difference.chance_of_at_most(margin),
    )
