"""Renders the configuration from the templates beside this file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from house_prices.contract import proto as api
from house_prices.contract.schema import Contract, Feature, Value, plain
from house_prices.errors import GatewayError
from house_prices.gateway import openapi
from house_prices.gateway.settings import Settings, Share
from inference_server.transport.envoy import descriptors, filters

UI_PREFIX = "/dagster"
_ASKED_AT_ONCE = 12
"""Features that the page shows at first, if fewer are required."""


@dataclass(frozen=True, kw_only=True)
class Market:
    """What the templates need to know about a market."""

    name: str
    title: str
    service: str
    path: str
    """The path for JSON over HTTP."""
    proto: str
    """The API description."""
    openapi: str
    """The same of the JSON API, as JSON."""
    unit: str
    """Of its prices."""
    first: Sequence[Feature]
    """What the page asks at once."""
    more: Sequence[Feature]
    """What it asks of those who want to tell more."""
    example: Mapping[str, Value | None]
    """What the page's form begins with, by feature."""
    split: Share | None
    mirror: Share | None


def configuration(settings: Settings, contracts: Sequence[Contract]) -> str:
    """A YAML file to start Envoy with."""
    named = {contract.name for contract in contracts}
    for share in (*settings.splits, *settings.mirrors):
        if share.market not in named:
            raise GatewayError(f"There is no market {share.market!r}; there are: {', '.join(sorted(named))}.")
    markets = [_market(contract, settings) for contract in contracts]
    services = [descriptors.HEALTH, *(market.service for market in markets)]
    facts = {"settings": settings, "markets": markets, "ui_prefix": UI_PREFIX}
    return _rendered(
        "envoy.yaml.jinja",
        **facts,
        filters=filters,
        transcoder=filters.transcoder(services, descriptors.descriptors(contracts)),
        page=_page(facts),
    )


def _page(facts: Mapping[str, object]) -> str:
    here = Path(__file__).parent
    own = {name: Markup((here / f"page.{name}").read_text(encoding="utf-8")) for name in ("css", "js")}  # noqa: S704  # ours
    words = {"words": lambda name: name.replace("_", " "), "plain": plain}
    return _rendered("page.html.jinja", **facts, **own, **words)


def _market(contract: Contract, settings: Settings) -> Market:
    path = descriptors.predict_path(contract)
    shown = sorted(contract.features, key=lambda feature: feature.name not in contract.example)
    required = [feature for feature in shown if feature.required]
    optional = [feature for feature in shown if not feature.required]
    at_once = max(_ASKED_AT_ONCE - len(required), 0)
    return Market(
        name=contract.name,
        title=contract.title,
        service=descriptors.service(contract),
        path=path,
        proto=api.printed(contract),
        openapi=json.dumps(openapi.description(contract, path), ensure_ascii=False),
        unit=contract.target.unit,
        first=[*required, *optional[:at_once]],
        more=optional[at_once:],
        example={feature.name: contract.example.get(feature.name) for feature in contract.features},
        split=_of(contract, settings.splits),
        mirror=_of(contract, settings.mirrors),
    )


def _of(contract: Contract, shares: Sequence[Share]) -> Share | None:
    return next((share for share in shares if share.market == contract.name), None)


def _rendered(template: str, **facts: object) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html.jinja"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(**facts)
