"""The contract's rules for values that could be read: which of them refuse a sale."""

from collections.abc import Iterator
from dataclasses import dataclass

import narwhals as nw

from house_prices.contract.schema import Contract, Feature, plain
from house_prices.sales.columns import SOLD

_GREATEST = 3.4e38
"""What float32, in which models take numbers, still holds."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One way in which a row is refused."""

    reason: str
    """The same for every such row, so that rejects can be counted by it."""
    broken: nw.Expr
    """True if the row breaks the rule; null or false if it does not."""


def rules(contract: Contract) -> Iterator[Rule]:
    """What makes a row a reject, in the order of the contract."""
    for feature in contract.features:
        yield from _of_feature(feature)
    name = contract.target.name
    price = nw.col(name)
    yield Rule(reason=f"{name}: empty", broken=price.is_null())
    yield Rule(reason=f"{name}: not finite", broken=price.abs() > _GREATEST)
    yield Rule(reason=f"{name}: not above 0", broken=price <= 0)
    if least := contract.target.minimum:
        yield Rule(reason=f"{name}: below {plain(least)}", broken=price < least)
    if contract.split.by == "sold" or contract.time.months:
        yield Rule(reason=f"{SOLD}: empty", broken=nw.col(SOLD).is_null())


def _of_feature(feature: Feature) -> Iterator[Rule]:
    name, value = feature.name, nw.col(feature.name)
    if feature.required:
        yield Rule(reason=f"{name}: empty", broken=value.is_null())
    if feature.kind not in ("number", "integer"):
        return
    yield Rule(reason=f"{name}: not finite", broken=value.abs() > _GREATEST)
    if feature.kind == "integer":
        broken = ~value.is_null() & (value != value.round(0))  # NaN, pandas' null, differs from itself
        yield Rule(reason=f"{name}: not a whole number", broken=broken)
    if feature.minimum is not None:
        yield Rule(reason=f"{name}: below {plain(feature.minimum)}", broken=value < feature.minimum)
    if feature.maximum is not None:
        yield Rule(reason=f"{name}: above {plain(feature.maximum)}", broken=value > feature.maximum)
