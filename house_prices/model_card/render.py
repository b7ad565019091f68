"""The card as one page of HTML that needs nothing else: no request leaves it."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from house_prices import gate
from house_prices.model_card import wording
from house_prices.model_card.card import Card
from house_prices.model_card.measures import named
from house_prices.model_card.view import Measure

_FOLDER = Path(__file__).parent
_LONGEST = 8_000
"""Characters of a rule's details."""


def render(card: Card) -> str:
    """The report. Every word of the card is escaped."""
    return environment().get_template("report.html.jinja").render(card=card)


@cache
def environment() -> Environment:
    """Templates with the filters that they share."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for one in (wording.count, wording.figure, wording.share, wording.change, wording.moment, wording.words):
        environment.filters[one.__name__] = one
    environment.filters |= {
        "metric": _metric,
        "difference": _difference,
        "named": named,
        "decimals": wording.decimals,
        "tail": _tail,
    }
    environment.globals["questions"] = {name: rule.__doc__ for name, rule in gate.RULES.items()}
    return environment


def _metric(value: float, kind: str) -> str:
    """A metric's value, as its kind is written."""
    if kind == "share":
        return wording.share(value)
    if kind == "price":
        return wording.count(value) if abs(value) >= 100 else wording.figure(value)
    return wording.decimals(value, 4)


def _tail(text: str) -> str:
    """The last lines of a long text, such as a server's log."""
    return text if len(text) <= _LONGEST else f"... {text[-_LONGEST:]}"


def _difference(measure: Measure) -> str:
    """How far a metric is from the champion's."""
    if measure.difference is None:
        return ""
    if not measure.higher_is_better:
        return wording.change(measure.difference)
    if measure.kind == "share":
        return wording.points(measure.difference)
    return wording.signed(measure.difference, 4)
