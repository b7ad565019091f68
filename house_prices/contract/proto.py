"""The typed gRPC API of a market, built from its contract.

The same descriptor is printed as the `.proto` that clients compile and loaded as the message classes
that the server uses, so the two can't differ.
"""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    ServiceDescriptorProto,
)
from google.protobuf.message import Message

from house_prices.contract.schema import Contract, Feature, Value, plain

_FIELD_TYPES = {
    "number": FieldDescriptorProto.TYPE_DOUBLE,
    "integer": FieldDescriptorProto.TYPE_INT32,
    "flag": FieldDescriptorProto.TYPE_BOOL,
    "category": FieldDescriptorProto.TYPE_STRING,
}
_TYPE_NAMES = {
    FieldDescriptorProto.TYPE_DOUBLE: "double",
    FieldDescriptorProto.TYPE_INT32: "int32",
    FieldDescriptorProto.TYPE_BOOL: "bool",
    FieldDescriptorProto.TYPE_STRING: "string",
}
SERVICE = "PredictionService"
METHODS = {"Predict": "PredictResponse", "PredictStream": "PredictResponse", "Explain": "ExplainResponse"}
"""The service's methods, which all take PredictRequest, and what each gives."""
VALUATION_DATE = "valuation_date"
"""The field of a request that says as of which date to price; only if the market's sales have dates."""
REFERENCE, REFERENCE_NUMBER = "reference", 20_001
"""A House's field beside the features, whose numbers end at 18999; protobuf keeps 19000 to 19999."""


@dataclass(frozen=True, kw_only=True)
class Api:
    """A market's message classes, in a descriptor pool of their own."""

    service: str
    """Full name of the service, such as house_prices.halfmil.v1.PredictionService."""
    pool: descriptor_pool.DescriptorPool
    request: type[Message]
    """PredictRequest: `houses`, repeated House."""
    response: type[Message]
    """PredictResponse: `predictions`, repeated Prediction, and `model_version`."""
    explained: type[Message]
    """ExplainResponse: `explanations`, repeated Explanation, and `model_version`."""


def service(contract: Contract) -> str:
    """The full name of a market's typed service."""
    return f"{package(contract)}.{SERVICE}"


def package(contract: Contract) -> str:
    """The protobuf package, such as house_prices.halfmil.v1."""
    return f"house_prices.{contract.name}.v{contract.api_version}"


def path(contract: Contract) -> PurePosixPath:
    """Where the printed `.proto` stands below `protos/`."""
    return PurePosixPath(*package(contract).split("."), "prediction.proto")


def load(contract: Contract) -> Api:
    """The message classes, made at run time without generated code."""
    pool = descriptor_pool.DescriptorPool()
    file = descriptor(contract)
    pool.Add(file)

    def message(name: str) -> type[Message]:
        return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{file.package}.{name}"))

    return Api(
        service=service(contract),
        pool=pool,
        request=message("PredictRequest"),
        response=message("PredictResponse"),
        explained=message("ExplainResponse"),
    )


def descriptor(contract: Contract) -> FileDescriptorProto:
    """The typed API as a protobuf file."""
    scope = f".{package(contract)}"
    file = FileDescriptorProto(name=str(path(contract)), package=package(contract), syntax="proto3")
    house = file.message_type.add(name="House")
    for feature in contract.features:
        _add_optional(house, feature.name, feature.number, _FIELD_TYPES[feature.kind])
    if has_reference(contract):
        _add_optional(house, REFERENCE, REFERENCE_NUMBER, FieldDescriptorProto.TYPE_STRING)
    request = file.message_type.add(name="PredictRequest")
    _add_repeated(request, "houses", 1, f"{scope}.House")
    if contract.is_dated:
        _add_optional(request, VALUATION_DATE, 2, FieldDescriptorProto.TYPE_STRING)
    prediction = file.message_type.add(name="Prediction")
    prediction.field.add(name="price", number=1, type=_FIELD_TYPES["number"], label="LABEL_OPTIONAL")
    _add_optional(prediction, "lower", 2, _FIELD_TYPES["number"])
    _add_optional(prediction, "upper", 3, _FIELD_TYPES["number"])
    prediction.field.add(name="warnings", number=4, type="TYPE_STRING", label="LABEL_REPEATED")
    response = file.message_type.add(name="PredictResponse")
    _add_repeated(response, "predictions", 1, f"{scope}.Prediction")
    response.field.add(name="model_version", number=2, type="TYPE_STRING", label="LABEL_OPTIONAL")
    _add_explanations(file, scope)
    service = file.service.add(name=SERVICE)
    for name, gives in METHODS.items():
        method = service.method.add(
            name=name, input_type=f"{scope}.PredictRequest", output_type=f"{scope}.{gives}"
        )
        if name == "PredictStream":  # protoc, too, leaves false unsaid
            method.client_streaming = method.server_streaming = True
    return file


def _add_explanations(file: FileDescriptorProto, scope: str) -> None:
    number, text = _FIELD_TYPES["number"], FieldDescriptorProto.TYPE_STRING
    contribution = file.message_type.add(name="Contribution")
    contribution.field.add(name="features", number=1, type=text, label="LABEL_REPEATED")
    contribution.field.add(name="amount", number=2, type=number, label="LABEL_OPTIONAL")
    _add_optional(contribution, "factor", 3, number)
    explanation = file.message_type.add(name="Explanation")
    explanation.field.add(name="price", number=1, type=number, label="LABEL_OPTIONAL")
    explanation.field.add(name="base", number=2, type=number, label="LABEL_OPTIONAL")
    _add_repeated(explanation, "contributions", 3, f"{scope}.Contribution")
    response = file.message_type.add(name="ExplainResponse")
    _add_repeated(response, "explanations", 1, f"{scope}.Explanation")
    response.field.add(name="model_version", number=2, type=text, label="LABEL_OPTIONAL")


def has_reference(contract: Contract) -> bool:
    """Whether a house can have a reference: not if a feature goes by that name."""
    return all(feature.name.replace("_", "") != REFERENCE for feature in contract.features)


def _add_optional(message: DescriptorProto, name: str, number: int, kind: int) -> None:
    """Add a field whose presence is known: a feature left out differs from a feature of 0."""
    message.field.add(
        name=name,
        number=number,
        type=kind,
        label="LABEL_OPTIONAL",
        proto3_optional=True,
        oneof_index=len(message.oneof_decl),
    )
    message.oneof_decl.add(name=f"_{name}")


def _add_repeated(message: DescriptorProto, name: str, number: int, type_name: str) -> None:
    message.field.add(
        name=name, number=number, type="TYPE_MESSAGE", label="LABEL_REPEATED", type_name=type_name
    )


def printed(contract: Contract) -> str:
    """The `.proto` as text, with units and bounds as comments."""
    file = descriptor(contract)
    comments = _comments(contract)
    lines = [
        f"// Printed from data/{contract.name}/contract.toml by `house-prices protos`; do not edit.",
        f'syntax = "{file.syntax}";',
        "",
        f"package {file.package};",
    ]
    for service in file.service:
        lines += ["", *_print_service(service, comments)]
    for message in file.message_type:
        lines += ["", *_print_message(message, comments)]
    return "\n".join(lines) + "\n"


def _comments(contract: Contract) -> dict[str, str]:
    unit = f" in {contract.target.unit}" if contract.target.unit else ""
    comments = {
        SERVICE: f"Prices houses of {contract.title} with the promoted model.",
        "Predict": "Prices every house of one request.",
        "PredictRequest.valuation_date": (
            "The date to price the houses as of, such as 2015-05-27. Left out, it is the model's reference "
            "date. Later prices follow the market's trend, with a warning and a wider interval."
        ),
        "PredictStream": "Answers each request of a stream, in order.",
        "House": "What is known of one house.",
        f"House.{REFERENCE}": (
            "The caller's own name for the house, such as the number of a listing. The model never sees it; "
            "it stands in the prediction log, and joins a later sale to this prediction."
        ),
        "PredictRequest": "The houses to price, at least one.",
        "Prediction": "The price of one house.",
        "Prediction.price": f"Predicted price{unit}.",
        "Prediction.lower": f"Lower end of the prediction interval{unit}, where the model has one.",
        "Prediction.upper": f"Upper end of the prediction interval{unit}, where the model has one.",
        "Prediction.warnings": "What makes this price less certain, such as a value not seen in training.",
        "PredictResponse": "One prediction for each house, in the order asked.",
        "PredictResponse.model_version": "The registry version that gave the prices.",
        "Explain": (
            "Says what each feature of a house contributes to its price. It costs as much as thousands of "
            "predictions, and is limited apart from them."
        ),
        "ExplainResponse": "One explanation for each house, in the order asked.",
        "ExplainResponse.model_version": "The registry version that gave the prices.",
        "Explanation": "Why a house has its price: base and all amounts sum to it.",
        "Explanation.price": f"Predicted price{unit}.",
        "Explanation.base": (
            f"What the model answers for typical sales{unit}, on average: the geometric mean if it is fitted "
            "on the logarithm of the price."
        ),
        "Explanation.contributions": "The largest first.",
        "Contribution": "The part of one feature, or of flags of which exactly one is true.",
        "Contribution.features": "Names of the features, mostly one.",
        "Contribution.amount": f"What it adds to the price{unit}.",
        "Contribution.factor": (
            "What it multiplies the price by: base times all factors is the price. Only if the model is "
            "fitted on the logarithm of the price."
        ),
    }
    for feature in contract.features:
        comments[f"House.{feature.name}"] = describe(feature)
    return comments


def describe(feature: Feature) -> str:
    """A feature in a sentence or two: what it is, what is allowed, whether it may be left out."""
    allowed = feature.allowed[0].upper() + feature.allowed[1:]
    if feature.required:
        rule = "Required."
    elif feature.missing is None:
        rule = "May be left out where it is not known."
    else:
        rule = f"Left out, it stands for {_written(feature.missing)}."
    return " ".join(filter(None, [feature.description, f"{allowed}.", rule]))


def _written(value: Value) -> str:
    """A value as a contract has it: false and 0, not False and 0.0."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else plain(value)


def _print_service(service: ServiceDescriptorProto, comments: dict[str, str]) -> Iterator[str]:
    yield from _comment(comments.get(service.name, ""), "")
    yield f"service {service.name} {{"
    for method in service.method:
        takes = ("stream " if method.client_streaming else "") + method.input_type.rsplit(".", 1)[1]
        gives = ("stream " if method.server_streaming else "") + method.output_type.rsplit(".", 1)[1]
        yield from _comment(comments.get(method.name, ""), "  ")
        yield f"  rpc {method.name}({takes}) returns ({gives});"
    yield "}"


def _print_message(message: DescriptorProto, comments: dict[str, str]) -> Iterator[str]:
    yield from _comment(comments.get(message.name, ""), "")
    yield f"message {message.name} {{"
    for field in message.field:
        label = "optional " if field.proto3_optional else ""
        if field.label == FieldDescriptorProto.LABEL_REPEATED:
            label = "repeated "
        kind = _TYPE_NAMES.get(field.type) or field.type_name.rsplit(".", 1)[1]
        yield from _comment(comments.get(f"{message.name}.{field.name}", ""), "  ")
        yield f"  {label}{kind} {field.name} = {field.number};"
    yield "}"


def _comment(text: str, indent: str) -> list[str]:
    start = f"{indent}// "
    visible = "".join(letter if letter.isprintable() else " " for letter in text)
    return textwrap.wrap(visible, 100, initial_indent=start, subsequent_indent=start, break_on_hyphens=False)
