"""One value as a person types it, read as `cells` reads a column. Needs neither pandas nor pyarrow."""

from house_prices.contract.schema import Contract, Feature, Value
from house_prices.errors import SalesError
from house_prices.sales import numbers, words


def read(text: str, feature: Feature, contract: Contract) -> Value | None:
    """The value of a feature; None if the text says that nothing is known.

    Raises SalesError, with what came and what is allowed.
    """
    tidy = words.tidy(text)
    choices = {words.tidy(choice): choice for choice in feature.choices}
    if words.is_empty(tidy, choices) or (
        tidy.lower() in map(str.lower, contract.empty) and tidy not in choices
    ):
        return None
    decimal = feature.decimal or contract.decimal
    value: Value | None
    if feature.kind == "category":
        value = choices.get(tidy)
    elif feature.kind == "flag":
        value = words.truth(tidy)
    else:
        value = numbers.number(tidy, decimal=decimal, unit=feature.unit)
    if value is None or not feature.accepts(value):
        comma = decimal == "," and feature.kind in ("number", "integer")
        hint = ", with a comma before the decimals" if comma else ""
        raise SalesError(f"{feature.name}: came {text!r}, allowed: {feature.allowed}{hint}")
    return value
