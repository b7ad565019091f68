"""Which features a fitted model's prices depend on."""

import pandas as pd
from sklearn.inspection import permutation_importance
from sklearn.metrics import make_scorer

from house_prices.contract.schema import Contract
from house_prices.training import estimators, threads
from house_prices.training.features import inputs, prices
from house_prices.training.fitted import Fitted
from house_prices.training.metrics import rmsle
from house_prices.training.time_adjustment import NOTHING

_ROWS = 1000


def by_permutation(fitted: Fitted, sales: pd.DataFrame, contract: Contract) -> dict[str, float]:
    """The increase in RMSLE when a feature's values are shuffled, largest first."""
    some = sales.iloc[:_ROWS]
    houses, time = inputs(some, contract), fitted.time or NOTHING
    with threads.limited(len(some)):
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
