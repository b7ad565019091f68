"""The page for people: a form for each market, made from its contract."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from house_prices.contract import proto
from house_prices.contract.schema import Contract, Feature, Value, plain
from inference_server.page import openapi

_HERE = Path(__file__).parent
_ASKED_AT_ONCE = 12
"""Features that a form shows at first, if fewer are required."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """What the template needs to know about a market."""

    name: str
    title: str
    service: str
    path: str
    """Where its JSON is posted to."""
    unit: str
    """Of its prices."""
    is_dated: bool
    """Whether a price may be asked as of a date."""
    first: Sequence[Feature]
    """What is asked at once."""
    more: Sequence[Feature]
    """What is asked of those who want to tell more."""
    example: Mapping[str, Value | None]
    """What the form begins with, by feature."""


def page(contracts: Sequence[Contract], links: Mapping[str, str]) -> str:
    """The whole page. `links` are addresses of other pages by their names."""
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css, js = (Markup((_HERE / f"page.{kind}").read_text(encoding="utf-8")) for kind in ("css", "js"))  # noqa: S704
    environment.globals |= {"css": css, "js": js, "policy": _policy(js), "plain": plain, "bounds": _bounds}
    return environment.get_template("page.html.jinja").render(forms=[*map(_form, contracts)], links=links)


def _policy(script: str) -> str:
    """Of what the page may do: run its own script, and ask the server that it came from."""
    digest = base64.b64encode(hashlib.sha256(f"\n{script}\n".encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'"
    )


def _bounds(feature: Feature) -> str:
    """What is allowed of a number, shortly."""
    if feature.kind not in ("number", "integer") or (feature.minimum is feature.maximum is None):
        return ""
    if feature.minimum is None or feature.maximum is None:
        return f"{feature.allowed.removesuffix(feature.unit).strip().capitalize()}."
    low, high = (_grouped(bound, feature) for bound in (feature.minimum, feature.maximum))
    return f"{low} to {high}."


def _grouped(number: float, feature: Feature) -> str:
    """With a narrow space between thousands; a year has none."""
    if feature.unit == "year" or number != int(number):
        return plain(number)
    return f"{int(number):,}".replace(",", "\u202f")


def _form(contract: Contract) -> Form:
    shown = sorted(contract.features, key=lambda feature: feature.name not in contract.example)
    required = [feature for feature in shown if feature.required]
    optional = [feature for feature in shown if not feature.required]
    at_once = max(_ASKED_AT_ONCE - len(required), 0)
    return Form(
        name=contract.name,
        title=contract.title,
        service=proto.service(contract),
        path=openapi.path(contract, "Predict"),
        unit=contract.target.unit,
        is_dated=contract.is_dated,
        first=[*required, *optional[:at_once]],
        more=optional[at_once:],
        example={feature.name: contract.example.get(feature.name) for feature in contract.features},
    )
