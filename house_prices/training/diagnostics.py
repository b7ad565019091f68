"""Warnings about the sales before a model is trained on them. Nothing here stops a training."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import KFold, cross_val_predict

from house_prices.contract.schema import Contract, Feature
from house_prices.training import estimators
from house_prices.training.features import inputs, prices

MOST_SALES = 2000
"""Most sales that are examined, for speed; drift is measured on ten times as many."""
ALMOST = 1.1
"""A feature prices almost as well as all of them if its error is at most this many times theirs."""
EXACT = 1e-9
"""Largest unexplained share of the variance if prices follow a formula exactly."""
MUCH_DRIFT = 0.25
"""The population stability index above which a change counts as large."""
CHANCE = 0.01
"""Probability of reporting drift in any feature of a market if there is none."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of one diagnostic."""

    fine: bool
    """False if a person should look into it."""
    sentence: str
    numbers: Mapping[str, float]
    """The numbers behind the sentence."""


def dominance(sales: pd.DataFrame, contract: Contract) -> Finding:
    """Whether a single feature prices almost as well as all of them, which suggests it leaks the price.

    A forest is cross-validated on each feature and on all features, and their RMSEs are compared.
    """
    some = _some(sales, MOST_SALES)
    features = _prepared("hist_gradient_boosting", some, contract)
    target = _target(some, contract)
    every = _error(features, target)
    names = [feature.name for feature in (*contract.numbers, *contract.categories)]
    alone = {name: _error(features[:, [at]], target) / every for at, name in enumerate(names)}
    best = min(alone, key=lambda name: alone[name])
    fine = len(names) == 1 or alone[best] > ALMOST
    meaning = "" if fine else " Is it made from the price, or known only after the sale?"
    return Finding(
        fine=fine,
        sentence=(
            f"The best single feature, {best}, has {alone[best]:.2f} times the full model's error.{meaning}"
        ),
        numbers={f"{best}_error_ratio": alone[best], "allowed_above": ALMOST, "sales": len(some)},
    )


def _error(features: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    forest = RandomForestRegressor(n_estimators=10, min_samples_leaf=3, random_state=estimators.SEED)
    found = cross_val_predict(forest, features, target, cv=KFold(3))
    return max(float(np.sqrt(np.mean(np.square(found - target)))), 1e-12)


def exact_law(sales: pd.DataFrame, contract: Contract) -> Finding:
    """Whether the price is a linear formula of the features without noise, as in a synthetic file.

    A linear regression is fitted on half of the sales, and R2 is measured on the other half.
    """
    some = _some(sales, MOST_SALES)
    features, target = _prepared("linear", some, contract), prices(some, contract)
    half = len(some) // 2
    design = np.column_stack([features, np.ones(len(some))])
    weights, *_ = np.linalg.lstsq(design[:half], target[:half])
    unexplained = np.sum(np.square(design[half:] @ weights - target[half:]))
    share = float(unexplained / np.sum(np.square(target[half:] - target[half:].mean())))
    exact = share < EXACT
    sentence = (
        "A linear formula gives every price exactly: R2 = 1 is right for these sales and not overfitting. "
        "Prices that people negotiate are never this exact. Are the sales synthetic?"
        if exact
        else "No linear formula gives the prices exactly: the best leaves "
        f"{share:.2g} of their variance unexplained."
    )
    return Finding(
        fine=not exact,
        sentence=sentence,
        numbers={"unexplained_share": share, "exact_below": EXACT, "sales": len(some)},
    )


def drift(train: pd.DataFrame, holdout: pd.DataFrame, contract: Contract) -> Finding:
    """Features that are distributed differently in the holdout than in training, by index and by test."""
    before, after = _some(train, 10 * MOST_SALES), _some(holdout, 10 * MOST_SALES)
    found = {f.name: _drift_of(f, before[f.name], after[f.name]) for f in contract.features}
    level = CHANCE / len(found)
    moved = {name: psi for name, (psi, p_value) in found.items() if psi > MUCH_DRIFT and p_value < level}
    worst = max(found, key=lambda name: found[name][0])
    named = ", ".join(f"{name} {psi:.2f}" for name, psi in sorted(moved.items(), key=lambda item: -item[1]))
    largest = f"the largest stability index is {found[worst][0]:.2f}, of {worst}"
    return Finding(
        fine=not moved,
        sentence=f"The holdout is unlike the training sales in {named} (stability index above {MUCH_DRIFT})."
        if moved
        else f"The holdout is like the training sales: {largest}.",
        numbers={**(moved or {worst: found[worst][0]}), "allowed": MUCH_DRIFT, "features_moved": len(moved)},
    )


def _drift_of(feature: Feature, before: pd.Series, after: pd.Series) -> tuple[float, float]:
    """Population stability index, and the p-value of both coming from the same distribution."""
    if feature.kind in ("category", "flag"):
        counts = [part.astype(object).fillna("unknown").value_counts() for part in (before, after)]
        table = pd.concat(counts, axis=1).fillna(0).to_numpy(dtype=np.float64)
        p_value = float(stats.chi2_contingency(table).pvalue) if len(table) > 1 else 1.0
        return stability_index(table[:, 0], table[:, 1]), p_value
    known = [part.dropna().to_numpy(dtype=np.float64) for part in (before, after)]
    if not all(map(len, known)):
        return 0.0, 1.0
    edges = np.unique(np.quantile(known[0], np.arange(1, 10) / 10))
    bins = [np.searchsorted(edges, part) for part in known]
    counted = [np.bincount(at, minlength=len(edges) + 1).astype(np.float64) for at in bins]
    return stability_index(counted[0], counted[1]), float(stats.ks_2samp(known[0], known[1]).pvalue)


def stability_index(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """PSI = sum (q - p) log(q / p) over bins, with shares p before and q after; half a sale is added to each.

    N. Siddiqi, Credit Risk Scorecards, 2006: below 0.10 is no change, above 0.25 is a large one.
    """
    p = (before + 0.5) / (before + 0.5).sum()
    q = (after + 0.5) / (after + 0.5).sum()
    return float(np.sum((q - p) * np.log(q / p)))


def _some(sales: pd.DataFrame, most: int) -> pd.DataFrame:
    return sales if len(sales) <= most else sales.sample(most, random_state=estimators.SEED)


def _prepared(estimator: str, sales: pd.DataFrame, contract: Contract) -> NDArray[np.float64]:
    """The features after an estimator's own preparation, all of them numbers."""
    preparation = estimators.ESTIMATORS[estimator](contract)["preparation"]
    return np.asarray(preparation.fit_transform(inputs(sales, contract).joined), dtype=np.float64)


def _target(sales: pd.DataFrame, contract: Contract) -> NDArray[np.float64]:
    price = prices(sales, contract)
    return np.log(price) if contract.target.log else price
