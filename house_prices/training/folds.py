"""Folds: what is fitted on, and what is held back to judge it."""

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold, KFold

from house_prices.contract.schema import Contract
from house_prices.errors import SalesError
from house_prices.sales.columns import GROUP, SOLD

Folds = list[tuple[np.ndarray, np.ndarray]]
"""For each fold, the row numbers to fit on and those to predict."""


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


def check_known(sales: pd.DataFrame, folds: Folds, contract: Contract) -> None:
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
