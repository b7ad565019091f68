"""Why a price, for people and as JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from house_prices.contract.schema import Value, plain

if TYPE_CHECKING:
    from inference_server.client import Explanations

_MOST = 12
"""Contributions that are told one by one."""


def lines(found: "Explanations", house: Mapping[str, Value | None]) -> Iterator[str]:
    """From what is typical to the price of the one house, the largest contributions first."""
    (explanation,) = found.explanations
    yield f"{explanation.base:>14,.0f}  is what typical sales are priced at"
    several = [one for one in explanation.contributions if round(one.amount)]
    for one in several[:_MOST]:
        factor = f"  x {one.factor:.3f}" if one.factor is not None else ""
        yield f"{one.amount:>+14,.0f}{factor}  {_told(one.features, house)}"
    if rest := several[_MOST:]:
        yield f"{sum(one.amount for one in rest):>+14,.0f}  by {len(rest)} others"
    yield f"{explanation.price:>14,.0f}  is the price"


def as_json(found: "Explanations") -> dict[str, Any]:
    """As the JSON API tells it."""
    return {"explanations": [asdict(explanation) for explanation in found.explanations]}


def _told(features: tuple[str, ...], house: Mapping[str, Value | None]) -> str:
    if len(features) > 1:
        true = [name for name in features if house.get(name)]
        return f"{' or '.join(features)}: {', '.join(true) or 'not known'}"
    return f"{features[0]} {_written(house.get(features[0]))}"


def _written(value: Value | None) -> str:
    if value is None:
        return "not given"
    if isinstance(value, bool):
        return str(value).lower()
    return plain(value) if isinstance(value, float) else str(value)
