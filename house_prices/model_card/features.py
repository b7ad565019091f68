"""The contract's features, as the card lists them."""

from collections.abc import Iterator

from house_prices.contract.schema import Feature, Value
from house_prices.model_card.view import FeatureRow
from house_prices.model_card.wording import figure
from house_prices.registry import Manifest

_YEAR = "year"


def features(manifest: Manifest) -> Iterator[FeatureRow]:
    """Each feature, in the model's order."""
    for feature in manifest.contract.features:
        seen = manifest.ranges.get(feature.name)
        yield FeatureRow(
            name=feature.name,
            description=feature.description,
            kind=feature.kind,
            unit=feature.unit,
            allowed=_allowed(feature),
            seen="" if seen is None or feature.kind == "flag" else _span(*seen, feature),
            empty=_empty(feature),
        )


def _allowed(feature: Feature) -> str:
    if feature.kind == "category":
        return ", ".join(feature.choices)
    if feature.kind == "flag":
        return "true, false"
    return _span(feature.minimum, feature.maximum, feature)


def _span(low: float | None, high: float | None, feature: Feature) -> str:
    if low is not None and high is not None:
        return f"{_number(low, feature)} to {_number(high, feature)}"
    if low is not None:
        return f"from {_number(low, feature)}"
    return "any" if high is None else f"up to {_number(high, feature)}"


def _number(value: float, feature: Feature) -> str:
    """A year has no mark between its thousands."""
    return str(int(value)) if feature.unit == _YEAR else figure(value)


def _empty(feature: Feature) -> str:
    if feature.required:
        return "refused"
    return "not known" if feature.missing is None else f"means {_written(feature.missing)}"


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else figure(value)
