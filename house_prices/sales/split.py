"""Which sales a model is trained on, which calibrate its intervals, and which judge it.

The same sales always fall into the same parts, whatever their order, and all sales of one property into
the same one: an older sale of a house in training would tell its newer price in the holdout. If the sales
have dates, intervals are calibrated on the newest before the holdout: what is most like what comes.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from house_prices.contract.schema import Contract
from house_prices.errors import SalesError
from house_prices.sales.columns import CALIBRATION, GROUP, HOLDOUT, PART, PARTS, PROPERTY, SOLD, TRAIN

FEWEST = 5
"""A part with fewer sales than this says nothing."""


def split(sales: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """The sales with columns PART and GROUP, in an order that only their contents decide.

    Raises SalesError where a part would be too small.
    """
    sales = _newest_months(sales, contract.time.months)
    own = pd.util.hash_pandas_object(sales, index=False)
    group = _group(sales, own, contract)
    draw = drawn(group.to_numpy())
    newest = _rank_by_date(sales, group, draw) if contract.split.by == "sold" else draw
    rules = contract.split
    holdout = newest >= 1 - rules.holdout
    if contract.split.by == "sold" and contract.is_dated:
        calibration = ~holdout & (newest >= 1 - (rules.holdout + rules.calibration))
    else:
        calibration = ~holdout & (redrawn(group.to_numpy()) < rules.calibration / (1 - rules.holdout))
    codes = np.where(holdout, 2, np.where(calibration, 1, 0))
    part = pd.Categorical.from_codes(codes, categories=pd.Index(PARTS))
    parted = sales.assign(**{PART: part}).assign(**{GROUP: group})
    check_sizes(counts(parted), contract)
    return in_order(parted, own)


def in_order(parted: pd.DataFrame, own: pd.Series) -> pd.DataFrame:
    """Split sales in the order of their groups' numbers, then of their own hashes."""
    return parted.iloc[np.lexsort((own, parted[GROUP]))].reset_index(drop=True)


def _newest_months(sales: pd.DataFrame, months: int) -> pd.DataFrame:
    """The sales of the last so many months, counted from that of the newest sale; all of them for 0."""
    if not months or sales.empty:
        return sales
    year, month = np.divmod(sales[SOLD].to_numpy() // 100, 100)
    number = 12 * year + month
    newest: pd.DataFrame = sales[number > number.max() - months]
    return newest


def by_month(parted: pd.DataFrame) -> list[tuple[object, ...]]:
    """Each month, newest first, and its sales in each part; nothing if they have no dates."""
    if SOLD not in parted:
        return []
    dated = parted[parted[SOLD].notna()]
    month = (dated[SOLD] // 100).astype(int)
    table = pd.crosstab(month, dated[PART], dropna=False).reindex(columns=list(PARTS), fill_value=0)
    rows = table.sort_index(ascending=False).itertuples(name=None)
    return [(f"{at // 100}-{at % 100:02}", *counted) for at, *counted in rows]


def counts(parted: pd.DataFrame) -> dict[str, int]:
    """Sales in each part."""
    return {str(part): int(count) for part, count in parted[PART].value_counts(sort=False).items()}


def alike(sales: pd.DataFrame, contract: Contract) -> pd.Series:
    """A number for each sale, the same for sales that are equal in every feature, the price and the date."""
    columns = [*(feature.name for feature in contract.features), contract.target.name]
    columns += [SOLD] if SOLD in sales else []
    return pd.util.hash_pandas_object(sales[columns], index=False)


def own_group(sales: pd.DataFrame, own: pd.Series) -> pd.Series:
    """A number for each property; for a sale whose property is not known, its own."""
    if PROPERTY not in sales:
        return own
    known = pd.util.hash_pandas_object(sales[PROPERTY], index=False)
    return own.where(sales[PROPERTY].isna(), known)


def _group(sales: pd.DataFrame, own: pd.Series, contract: Contract) -> pd.Series:
    """What stays together: the sales of a property, and sales that no feature tells apart."""
    group = own_group(sales, own)
    equal = alike(sales, contract)
    twice = equal.duplicated(keep=False).to_numpy()
    while _is_apart(group[twice], equal[twice]):
        lowest = group.to_numpy(copy=True)  # pandas itself would assign uint64 by way of floats, and round
        lowest[twice] = group[twice].groupby(equal[twice].to_numpy()).transform("min")
        group = pd.Series(lowest, index=group.index).groupby(group.to_numpy()).transform("min")
    return group


def _is_apart(group: pd.Series, equal: pd.Series) -> bool:
    """Whether equal sales are in different groups."""
    return len(pd.DataFrame({"equal": equal, "group": group}).drop_duplicates()) > equal.nunique()


def drawn(group: np.ndarray) -> np.ndarray:
    """A uniform draw for each group, from 0 to 1."""
    return np.asarray(pd.util.hash_array(group).astype("float64") / 2.0**64)


def redrawn(group: np.ndarray) -> np.ndarray:
    """A second uniform draw for each group, independent of the first."""
    return drawn(pd.util.hash_array(group))


def _rank_by_date(sales: pd.DataFrame, group: pd.Series, draw: np.ndarray) -> np.ndarray:
    """Share of the sales that belong to properties last sold earlier; ties fall by the draw."""
    last = sales[SOLD].groupby(group).transform("max")
    order = np.lexsort((draw, last.to_numpy()))
    rank = np.empty(len(sales))
    rank[order] = np.arange(len(sales)) / len(sales)
    return np.asarray(pd.Series(rank).groupby(group.to_numpy()).transform("min"))


def check_sizes(sizes: Mapping[str, int], contract: Contract) -> None:
    """Raise SalesError if a part has too few sales."""
    needed = [TRAIN, HOLDOUT] + ([CALIBRATION] if contract.split.calibration else [])
    months = contract.time.months
    small = [f"{part} has {sizes[part]}" for part in needed if sizes[part] < FEWEST]
    if small:
        raise SalesError(
            f"{sum(sizes.values())} clean sales are too few to split: {', '.join(small)}, where each part "
            f"needs at least {FEWEST}. Add sales, or see the rejects for what cleaning refused."
            + (f" Only those of the last {months} months count: [time] months." if months else "")
        )
