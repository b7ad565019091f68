"""The JSON API of a market, described as OpenAPI."""

from typing import Any

from house_prices.contract import proto
from house_prices.contract.schema import Contract, Feature
from inference_server.transport.envoy import descriptors


def description(contract: Contract) -> dict[str, Any]:
    """An OpenAPI 3.1 document of the one operation: pricing houses."""
    return {
        "openapi": "3.1.0",
        "info": {"title": contract.title, "version": str(contract.api_version)},
        "paths": {descriptors.http_path(contract, "Predict"): {"post": _predict(contract)}},
        "components": {
            "schemas": {
                "House": _house(contract),
                "Prediction": _prediction(contract),
                "Refusal": _REFUSAL,
            }
        },
    }


def _predict(contract: Contract) -> dict[str, Any]:
    asked = {"houses": {"type": "array", "minItems": 1, "items": _ref("House")}}
    told = {
        "predictions": {"type": "array", "items": _ref("Prediction"), "description": "In the order asked."},
        "model_version": {"type": "string", "description": "The registry version that gave the prices."},
    }
    body = _json({"type": "object", "properties": asked, "required": ["houses"]})
    if contract.example:
        body["application/json"]["example"] = {"houses": [dict(contract.example)]}
    return {
        "operationId": "predict",
        "summary": "Prices every house of one request.",
        "requestBody": {"required": True, "content": body},
        "responses": {
            "200": {
                "description": "The prices.",
                "content": _json({"type": "object", "properties": told, "required": list(told)}),
            },
            "400": {"description": "Every fault of the request.", "content": _json(_ref("Refusal"))},
            "503": {"description": "No server is ready.", "content": _json(_ref("Refusal"))},
        },
    }


def _house(contract: Contract) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {feature.name: _feature(feature) for feature in contract.features},
        "required": [feature.name for feature in contract.features if feature.required],
        "additionalProperties": False,
    }


def _feature(feature: Feature) -> dict[str, Any]:
    described: dict[str, Any] = {"description": proto.describe(feature)}
    if feature.kind == "category":
        return {**described, "type": "string", "enum": list(feature.choices)}
    if feature.kind == "flag":
        return {**described, "type": "boolean"}
    described["type"] = feature.kind
    bounds = {"minimum": feature.minimum, "maximum": feature.maximum}
    return {**described, **{name: bound for name, bound in bounds.items() if bound is not None}}


def _prediction(contract: Contract) -> dict[str, Any]:
    unit = contract.target.unit or "the unit of the training prices"
    price = {"type": "number", "description": f"Predicted price in {unit}."}
    end = {"type": "number", "description": f"End of the prediction interval in {unit}."}
    warnings = {
        "type": "array",
        "items": {"type": "string"},
        "description": "What makes this price less certain, such as a value not seen in training.",
    }
    return {
        "type": "object",
        "properties": {"price": price, "lower": end, "upper": end, "warnings": warnings},
        "required": ["price", "warnings"],
    }


_REFUSAL: dict[str, Any] = {
    "type": "object",
    "properties": {
        "code": {"type": "integer", "description": "A gRPC status code."},
        "message": {"type": "string"},
        "details": {
            "type": "array",
            "description": "google.rpc.BadRequest: each fault with its field.",
            "items": {"type": "object"},
        },
    },
    "required": ["code", "message"],
}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
