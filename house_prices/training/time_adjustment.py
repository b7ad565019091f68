"""How a model takes the date of a sale into account: the time adjustment of the assessment field.

A sale's price is brought from its own date to the reference date, as of which the model is fitted, and a
model's price to any other date, the valuation date. There are several methods; `train` chooses the one that
prices what comes next best.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from house_prices.contract.schema import Contract, Feature
from house_prices.registry import Dates
from house_prices.training import estimators, market_index
from house_prices.training.features import Inputs
from house_prices.training.market_index import Floats, Period

INDEX, DAY, RECENCY, NONE = "index", "day", "recency", "none"
HALF_LIFE_DAYS = 180
"""Age at which a sale weighs half as much as the newest, with the method `recency`."""
_MIDDLE = 15
"""Day of the month for which a month's level stands."""
_DAY = Feature(
    name="_day",
    column="",
    number=0,
    kind="number",
    unit="days",
    minimum=None,
    maximum=None,
    choices=(),
    missing=None,
    required=True,
    description="Days since the first sale, as a feature.",
)


@dataclass(frozen=True, kw_only=True)
class TimeAdjustment:
    """One way to take dates into account, learnt from the sales that a model is fitted on."""

    method: str
    """INDEX: prices follow a market index. DAY: the sale's day is a feature, which stops at the newest sale.
    RECENCY: newer sales weigh more. NONE: dates do not count."""
    reference: int
    """The day, from 1970-01-01, that prices are as of if none is asked for."""
    first: int
    """The first sale's."""
    last: int
    """The newest sale's."""
    until: int
    """The last day that a price may be asked for."""
    level: Floats
    """[until - first + 1]: log of the price level, relative to the reference date's."""
    error: Floats
    """[until - first + 1]: its standard deviation."""
    periods: tuple[Period, ...] = ()
    """What the index was smoothed from."""
    compared: Mapping[str, float] = field(default_factory=dict)
    """RMSLE of each method on what came next, over the rolling origins."""

    @property
    def dates(self) -> Dates:
        """For the manifest."""
        day = date.fromisoformat("1970-01-01").toordinal()
        return Dates(
            method=self.method,
            reference=date.fromordinal(day + self.reference),
            first=date.fromordinal(day + self.first),
            newest=date.fromordinal(day + self.last),
            until=date.fromordinal(day + self.until),
        )

    @property
    def by_month(self) -> dict[str, float]:
        """The level of prices in the middle of each month up to the reference date, at which it is 1."""
        epoch = date.fromisoformat("1970-01-01").toordinal()
        days = range(self.first, self.reference + 1)
        middle = {
            f"{date.fromordinal(epoch + day):%Y-%m}": day for day in days if self._is_middle(epoch + day)
        }
        return {month: float(np.exp(self.level[day - self.first])) for month, day in middle.items()}

    def factor(self, days: NDArray[np.floating] | None) -> Floats | float:
        """What a price at the reference date is multiplied by: [rows]. NaN is the reference date."""
        return 1.0 if days is None else np.exp(self.level[self._at(days)])

    def variance(self, days: NDArray[np.floating]) -> Floats:
        """Of the logarithm of the factor: [rows]."""
        return np.asarray(self.error[self._at(days)] ** 2)

    def variance_of(self, houses: Inputs) -> Floats:
        """The same as of the houses' valuation dates: [rows]. 0 if they have none."""
        return np.zeros(len(houses)) if houses.days is None else self.variance(houses.days)

    def weights(self, days: NDArray[np.floating] | None) -> Floats | None:
        """How much each sale counts in fitting: [rows]; None if all count the same."""
        if self.method != RECENCY or days is None:
            return None
        return np.asarray(0.5 ** ((days.max() - days) / HALF_LIFE_DAYS))

    def features(self, houses: Inputs) -> Inputs:
        """The model's inputs: with one number more if the day is a feature."""
        if self.method != DAY:
            return houses
        days = np.full(len(houses), np.nan) if houses.days is None else houses.days
        day = np.clip(np.where(np.isnan(days), self.reference, days), self.first, self.last) - self.first
        return replace(houses, numbers=np.column_stack([houses.numbers, day.astype(np.float32)]))

    def contract(self, contract: Contract) -> Contract:
        """The contract of the model's inputs."""
        return replace(contract, features=(*contract.features, _DAY)) if self.method == DAY else contract

    @staticmethod
    def _is_middle(ordinal: int) -> bool:
        return date.fromordinal(ordinal).day == _MIDDLE

    def _at(self, days: NDArray[np.floating]) -> NDArray[np.int64]:
        known = np.where(np.isnan(days), self.reference, days)
        return (np.clip(np.floor(known), self.first, self.until) - self.first).astype(np.int64)


NOTHING = TimeAdjustment(
    method=NONE, reference=0, first=0, last=0, until=0, level=np.zeros(1), error=np.zeros(1)
)
"""For sales without dates."""


def fit(
    method: str, houses: Inputs, price: Floats, contract: Contract, *, as_of: int | None = None
) -> TimeAdjustment:
    """Learn a method from sales. `as_of` is the reference date, if it is later than the newest sale's."""
    if houses.days is None:
        return NOTHING
    days = houses.days.astype(np.float64)
    first, last = int(days.min()), int(days.max())
    reference = max(last, as_of or last)
    until = max(reference, last) + contract.time.ahead
    level = error = np.zeros(until - first + 1)
    periods: tuple[Period, ...] = ()
    if method == INDEX and last > first:
        some = slice(contract.training.search_rows)
        preparation = estimators.ESTIMATORS["ridge"](contract)["preparation"]
        design = np.asarray(preparation.fit_transform(houses[some].joined), dtype=np.float64)
        found = market_index.estimate(design, np.log(price[some]), days[some], until=until)
        late = found.first - first
        level = np.concatenate([np.full(late, found.level[0]), found.level])
        error = np.concatenate([np.full(late, found.error[0]), found.error])
        level, periods = level - level[reference - first], found.periods
    return TimeAdjustment(
        method=method,
        reference=reference,
        first=first,
        last=last,
        until=until,
        level=level,
        error=error,
        periods=periods,
    )
