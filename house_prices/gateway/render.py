"""Renders the configuration from the templates beside this file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from house_prices.contract import proto as api
from house_prices.contract.schema import Contract
from house_prices.errors import GatewayError
from house_prices.gateway.settings import Settings, Share
from inference_server.page import html, openapi
from inference_server.transport.envoy import descriptors, filters

UI_PREFIX = "/dagster"


@dataclass(frozen=True, kw_only=True)
class Market:
    """What the templates need to know about a market."""

    name: str
    title: str
    service: str
    proto: str
    """The API description."""
    openapi: str
    """The same of the JSON API, as JSON."""
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
    links = {"Dagster": f"{UI_PREFIX}/"} if settings.ui else {}
    links["Health"] = "/v1/health"
    return _rendered(
        "envoy.yaml.jinja",
        **facts,
        filters=filters,
        transcoder=filters.transcoder(services, descriptors.descriptors(contracts)),
        page=html.page(contracts, links),
    )


def _market(contract: Contract, settings: Settings) -> Market:
    return Market(
        name=contract.name,
        title=contract.title,
        service=descriptors.service(contract),
        proto=api.printed(contract),
        openapi=json.dumps(openapi.description(contract), ensure_ascii=False),
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
