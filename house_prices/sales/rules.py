"""The contract's rules for values that could be read: which of them refuse a sale."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from house_prices.contract.schema import Contract, Feature, plain
from house_prices.sales.columns import SOLD

_GREATEST = 3.4e38
"""What float32, in which models take numbers, still holds."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One way in which a row is refused."""

    column: str
    why: str
    broken: "Callable[[pd.Series], pd.Series[bool]]"
    """Which values of the column break the rule."""

    @property
    def reason(self) -> str:
        """The same for every such row, so that rejects can be counted by it."""
        return f"{self.column}: {self.why}"


def rules(contract: Contract) -> Iterator[Rule]:
    """What makes a row a reject, in the order of the contract."""
    for feature in contract.features:
        yield from _of_feature(feature)
    name = contract.target.name
    yield Rule(column=name, why="empty", broken=pd.Series.isna)
    yield Rule(column=name, why="not finite", broken=_not_finite)
    yield Rule(column=name, why="not above 0", broken=lambda price: price <= 0)
    if least := contract.target.minimum:
        yield Rule(column=name, why=f"below {plain(least)}", broken=lambda price: price < least)
    if contract.split.by == "sold" or contract.time.months:
        yield Rule(column=SOLD, why="empty", broken=pd.Series.isna)


def _of_feature(feature: Feature) -> Iterator[Rule]:
    name, minimum, maximum = feature.name, feature.minimum, feature.maximum
    if feature.required:
        yield Rule(column=name, why="empty", broken=pd.Series.isna)
    if feature.kind not in ("number", "integer"):
        return
    yield Rule(column=name, why="not finite", broken=_not_finite)
    if feature.kind == "integer":
        yield Rule(column=name, why="not a whole number", broken=lambda value: value % 1 > 0)
    if minimum is not None:
        yield Rule(column=name, why=f"below {plain(minimum)}", broken=lambda value: value < minimum)
    if maximum is not None:
        yield Rule(column=name, why=f"above {plain(maximum)}", broken=lambda value: value > maximum)


def _not_finite(values: pd.Series) -> "pd.Series[bool]":
    return values.abs() > _GREATEST
