"""A market's messages: houses into a request, a response into prices."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from house_prices.contract import proto
from house_prices.contract.schema import Contract, Value
from inference_server.arrays import VALUATION_DATE, Contribution, Explanation
from inference_server.client.answers import ClientError, Explanations, Price, Prices
from inference_server.codecs.loose_values import HouseReader
from inference_server.errors import FieldFault

House = Mapping[str, Value | None]
"""Values by feature name; None is an unknown value."""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What is needed to call one market."""

    path: str
    """Of Predict."""
    request: Any
    response: Any
    house: HouseReader
    explained: Any
    """The response of Explain; None if the server's API has no such method."""

    @property
    def explain_path(self) -> str:
        """Of Explain."""
        return f"{self.path.rpartition('/')[0]}/Explain"


def of_contract(contract: Contract) -> Typed:
    """As the contract describes it."""
    loaded = proto.load(contract)
    return _of_pool(loaded.service, loaded.pool)


def of_files(service: str, files: Iterable[bytes]) -> Typed:
    """As the files describe it that reflection gave."""
    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.Add(FileDescriptorProto.FromString(file))
    return _of_pool(service, pool)


def newest(services: Iterable[str], market: str, address: str) -> str:
    """The newest typed service of a market; raises ClientError if there is none."""
    named = re.compile(rf"house_prices\.{re.escape(market)}\.v(\d+)\.{proto.SERVICE}")
    listed = list(services)
    versions = {int(match[1]): match[0] for one in listed if (match := named.fullmatch(one))}
    if not versions:
        served = ", ".join(sorted(listed))
        raise ClientError("NOT_FOUND", f"{address} serves no market {market!r}; it serves {served}.")
    return versions[max(versions)]


def _of_pool(service: str, pool: Any) -> Typed:
    methods = pool.FindServiceByName(service).methods_by_name
    method, explain = methods["Predict"], methods.get("Explain")
    house = method.input_type.fields_by_name["houses"].message_type
    return Typed(
        path=f"/{service}/Predict",
        request=message_factory.GetMessageClass(method.input_type),
        response=message_factory.GetMessageClass(method.output_type),
        house=HouseReader(message_factory.GetMessageClass(house)),
        explained=explain and message_factory.GetMessageClass(explain.output_type),
    )


def request(typed: Typed, houses: Sequence[House], valuation_date: date | str | None = None) -> Any:
    """A request message; raises ClientError if names or types are not the market's."""
    faults: list[FieldFault] = []
    paths = (f"houses[{row}]." if len(houses) > 1 else "" for row in range(len(houses)))
    read = [typed.house.read(_plain(house), path, faults) for house, path in zip(houses, paths, strict=True)]
    if faults:
        first, *others = (f"{fault.field}: {fault.description}" for fault in faults)
        raise ClientError("INVALID_ARGUMENT", first, others)
    made = typed.request(houses=read)
    if valuation_date is not None:
        if VALUATION_DATE not in made.DESCRIPTOR.fields_by_name:
            raise ClientError("INVALID_ARGUMENT", "valuation_date: the prices of this market have no date")
        made.valuation_date = str(valuation_date)
    return made


def _plain(house: House) -> Mapping[str, object]:
    """With Python's own values in place of numpy's, which rows of tables have."""
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in house.items()}


def prices(response: Any) -> Prices:
    """The prices of a response."""
    found = tuple(_price(prediction) for prediction in response.predictions)
    return Prices(prices=found, model_version=response.model_version)


def explained(typed: Typed, market: str) -> Any:
    """The message class that Explain answers with; raises ClientError if the server's API has no Explain."""
    if typed.explained is None:
        raise ClientError("UNIMPLEMENTED", f"the server of {market} is too old to explain prices")
    return typed.explained


def explanations(response: Any) -> Explanations:
    """The explanations of a response."""
    found = tuple(
        Explanation(
            price=one.price, base=one.base, contributions=tuple(map(_contribution, one.contributions))
        )
        for one in response.explanations
    )
    return Explanations(explanations=found, model_version=response.model_version)


def _contribution(message: Any) -> Contribution:
    return Contribution(
        features=tuple(message.features),
        amount=message.amount,
        factor=message.factor if message.HasField("factor") else None,
    )


def _price(prediction: Any) -> Price:
    return Price(
        value=prediction.price,
        lower=prediction.lower if prediction.HasField("lower") else None,
        upper=prediction.upper if prediction.HasField("upper") else None,
        warnings=tuple(prediction.warnings),
    )
