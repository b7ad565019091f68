"""The JSON API of a market, described as OpenAPI."""

from typing import Any

from house_prices.contract import proto
from house_prices.contract.schema import Contract, Feature


def path(contract: Contract, method: str) -> str:
    """Where a market's JSON requests are posted to, such as /v1/halfmil:predict for Predict."""
    return f"/v{contract.api_version}/{contract.name}:{method.lower()}"


def description(contract: Contract) -> dict[str, Any]:
    """An OpenAPI 3.1 document of both operations: pricing houses, and explaining their prices."""
    return {
        "openapi": "3.1.0",
        "info": {"title": contract.title, "version": str(contract.api_version)},
        "paths": {
            path(contract, "Predict"): {"post": _predict(contract)},
            path(contract, "Explain"): {"post": _explain(contract)},
        },
        "components": {
            "schemas": {
                "House": _house(contract),
                "Prediction": _prediction(contract),
                "Explanation": _explanation(contract),
                "Refusal": _REFUSAL,
            }
        },
    }


def _predict(contract: Contract) -> dict[str, Any]:
    told = {"type": "array", "items": _ref("Prediction"), "description": "In the order asked."}
    return _operation(contract, "predict", "Prices every house of one request.", {"predictions": told})


def _explain(contract: Contract) -> dict[str, Any]:
    told = {"type": "array", "items": _ref("Explanation"), "description": "In the order asked."}
    summary = "Says what each feature of a house contributes to its price; of a few houses at once."
    return _operation(contract, "explain", summary, {"explanations": told})


def _operation(contract: Contract, name: str, summary: str, told: dict[str, Any]) -> dict[str, Any]:
    asked: dict[str, Any] = {"houses": {"type": "array", "minItems": 1, "items": _ref("House")}}
    if contract.is_dated:
        date = "The date to price the houses as of; left out, it is the model's reference date."
        asked[proto.VALUATION_DATE] = {"type": "string", "format": "date", "description": date}
    told["model_version"] = {"type": "string", "description": "The registry version that gave the prices."}
    body = _json({"type": "object", "properties": asked, "required": ["houses"]})
    if contract.example:
        body["application/json"]["example"] = {"houses": [dict(contract.example)]}
    answer = _json({"type": "object", "properties": told, "required": list(told)})
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {"required": True, "content": body},
        "responses": {
            "200": {"description": "The answer.", "content": answer},
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


def _explanation(contract: Contract) -> dict[str, Any]:
    unit = contract.target.unit or "the unit of the training prices"
    contribution = {
        "features": {"type": "array", "items": {"type": "string"}},
        "amount": {"type": "number", "description": f"What they add to the price, in {unit}."},
        "factor": {
            "type": ["number", "null"],
            "description": "What they multiply it by, if the model is fitted on the logarithm of the price.",
        },
    }
    each = {"type": "object", "properties": contribution, "required": ["features", "amount"]}
    told = {
        "price": {"type": "number", "description": f"Predicted price in {unit}."},
        "base": {"type": "number", "description": "What typical sales are priced at, on average."},
        "contributions": {"type": "array", "items": each, "description": "The largest first."},
    }
    return {"type": "object", "properties": told, "required": list(told)}


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
