"""The columns of a model's inputs, and the values allowed in each."""

from dataclasses import dataclass

from house_prices.contract.schema import Contract, Feature

LARGEST = 3.4028234663852886e38
"""The largest number of float32, which is what the model takes."""


LONGEST_REFERENCE = 256
"""Characters of a caller's name for a house."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column of `numbers` or `categories`."""

    feature: Feature
    name: str
    index: int
    """Place in its input."""
    low: float
    """Least value allowed; meaningless for a category."""
    high: float
    choices: frozenset[str]
    """Texts allowed; empty for a number."""
    absent: float | str
    """The value for an optional field that is left out."""
    required: bool


def numbers(contract: Contract) -> tuple[Column, ...]:
    """Columns of the `numbers` input: a flag is 0 or 1, what is missing is NaN."""
    return tuple(_column(feature, index, float("nan")) for index, feature in enumerate(contract.numbers))


def categories(contract: Contract) -> tuple[Column, ...]:
    """Columns of the `categories` input: what is missing is an empty text."""
    return tuple(_column(feature, index, "") for index, feature in enumerate(contract.categories))


def _column(feature: Feature, index: int, nothing: float | str) -> Column:
    missing = nothing if feature.missing is None else feature.missing
    return Column(
        feature=feature,
        name=feature.name,
        index=index,
        low=-LARGEST if feature.minimum is None else max(feature.minimum, -LARGEST),
        high=LARGEST if feature.maximum is None else min(feature.maximum, LARGEST),
        choices=frozenset(feature.choices),
        absent=missing if isinstance(missing, str) else float(missing),
        required=feature.required,
    )
