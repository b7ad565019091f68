"""Renders the configuration from the templates beside this file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from google.rpc import code_pb2
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from house_prices.contract import proto as api
from house_prices.contract.schema import Contract
from house_prices.errors import GatewayError
from house_prices.gateway.settings import Settings, Share
from house_prices.sign_in import CHECK
from inference_server.page import html, openapi
from inference_server.rpc import json_request
from inference_server.sockets import MOST_CONNECTIONS
from inference_server.transport.envoy import descriptors, filters

TEMPLATES = Path(__file__).parent
UI_PREFIX = "/dagster"
TYPED = r"/house_prices\.[a-z0-9_]+\.v[0-9]+\.PredictionService/(Predict(Stream)?|Explain)"
OPEN_METHODS = (
    *(f"/{descriptors.HEALTH}/{name}" for name in ("Check", "Watch")),
    *(
        f"/inference.GRPCInferenceService/{name}"
        for name in (
            "ServerLive", "ServerReady", "ServerMetadata", "ModelReady", "ModelMetadata", "ModelConfig",
            "ModelStatistics", "ModelInfer", "ModelStreamInfer", "RepositoryIndex",
        )
    ),
    json_request.PREDICT,
    json_request.EXPLAIN,
    json_request.CARD,
    json_request.MISSING,
)  # fmt: skip
"""What anybody may call besides the typed services: nothing that loads or unloads versions."""
JSON_CODES = {
    413: code_pb2.RESOURCE_EXHAUSTED,
    502: code_pb2.UNAVAILABLE,
    503: code_pb2.UNAVAILABLE,
    504: code_pb2.DEADLINE_EXCEEDED,
}
"""The gRPC status that a fault of Envoy's own is told as in JSON, by its HTTP status."""
REFLECTION = [
    f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo" for version in ("v1", "v1alpha")
]


@dataclass(frozen=True, kw_only=True)
class Market:
    """What the templates need to know about a market."""

    name: str
    title: str
    service: str
    path: str
    """Of its JSON API."""
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
    facts = {"settings": settings, "markets": markets, "ui_prefix": UI_PREFIX}
    links = {"Dagster": f"{UI_PREFIX}/"} if settings.ui else {}
    links["Health"] = "/v1/health"
    return _rendered(
        "envoy.yaml.jinja",
        **facts,
        filters=filters,
        most_connections=MOST_CONNECTIONS,
        transcoder=filters.transcoder(),
        json_path=json_request.PREDICT,
        json_codes=JSON_CODES,
        asked_path=json_request.PATH_KEY,
        asked={
            json_request.BEHIND_PATH_KEY: json_request.PATH_KEY,
            json_request.BEHIND_METHOD_KEY: json_request.METHOD_KEY,
        },
        typed=TYPED,
        open_methods=[
            *OPEN_METHODS,
            *REFLECTION * settings.reflection,
        ],
        sign_in_check=CHECK,
        same_origin=(TEMPLATES / "same_origin.lua").read_text(),
        page=html.page(contracts, links),
    )


def _market(contract: Contract, settings: Settings) -> Market:
    return Market(
        name=contract.name,
        title=contract.title,
        service=api.service(contract),
        path=openapi.path(contract, "Predict"),
        proto=api.printed(contract),
        openapi=json.dumps(openapi.description(contract), ensure_ascii=False),
        split=_of(contract, settings.splits),
        mirror=_of(contract, settings.mirrors),
    )


def _of(contract: Contract, shares: Sequence[Share]) -> Share | None:
    return next((share for share in shares if share.market == contract.name), None)


def _yaml(text: str) -> str:
    """A text as YAML writes it in double quotes, with nothing that some reader takes for more than text."""
    escaped = {one: rf"\U{ord(one):08x}" for one in text if not " " <= one <= "~"}
    table = str.maketrans({**escaped, "\n": r"\n", '"': r"\"", "\\": r"\\"})
    return f'"{text.translate(table)}"'


def _rendered(template: str, **facts: object) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html.jinja"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["yaml"] = _yaml
    return environment.get_template(template).render(**facts)
