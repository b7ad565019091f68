"""JSON bodies to houses and prices to JSON, through the same messages and checks as the typed API."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from google.protobuf import message_factory

from house_prices.contract import proto
from house_prices.contract.proto import Api
from inference_server.arrays import Explanation, Inputs, Prices
from inference_server.codecs.loose_values import HouseReader, meant, shortened
from inference_server.codecs.typed import MOST_FAULTS, HouseCodec
from inference_server.errors import BadHouses, BadMessage, FieldFault, TooManyRows

HOUSES = "houses"
_SHAPES = 'a house as an object, a list of houses, or {"houses": [...]}'


class JsonCodec:
    """Of one version of a market."""

    def __init__(self, api: Api, typed: HouseCodec) -> None:
        self._typed = typed
        self._request: Any = api.request
        fields: Any = self._request.DESCRIPTOR.fields_by_name
        self._house = HouseReader(message_factory.GetMessageClass(fields[HOUSES].message_type))
        self._names = list(fields)

    def read(self, body: bytes, *, max_rows: int) -> Inputs:
        """The houses of a body; raises BadHouses with all their faults, of names, types and values alike."""
        asked = _asked(body)
        houses = asked.pop(HOUSES)
        if not isinstance(houses, list) or not all(isinstance(house, dict) for house in houses):
            raise BadMessage(f"The body is JSON of another shape, allowed: {_SHAPES}.")
        if len(houses) > max_rows:
            raise TooManyRows(len(houses), max_rows)
        faults: list[FieldFault] = []
        request = self._request()
        self._set_others(request, asked, faults)
        for row, house in enumerate(houses):
            request.houses.append(self._house.read(house, f"{HOUSES}[{row}].", faults))
            if len(faults) >= MOST_FAULTS:
                raise BadHouses(faults[:MOST_FAULTS], unread=True)
        return self._checked(request, faults, max_rows)

    def _set_others(self, request: Any, asked: Mapping[str, object], faults: list[FieldFault]) -> None:
        """What a body says of all its houses: the date to price them as of."""
        for name, value in asked.items():
            if name not in self._names:
                told = f"is not a field.{meant(name, self._names)} Allowed: {', '.join(self._names)}"
                faults.append(FieldFault(field=shortened(name), description=told))
            elif isinstance(value, str):
                setattr(request, name, value)
            elif value is not None:
                what = "allowed: a date such as 2015-05-27, in quotes"
                faults.append(FieldFault(field=name, description=what))

    def _checked(self, request: Any, faults: list[FieldFault], max_rows: int) -> Inputs:
        try:
            inputs = self._typed.read(request.SerializeToString(), max_rows=max_rows)
        except BadHouses as error:
            told = {fault.field for fault in faults}
            faults += [fault for fault in error.faults if fault.field not in told]
            raise BadHouses(faults[:MOST_FAULTS], unread=error.unread) from error
        if faults:
            raise BadHouses(faults)
        return inputs

    def write(self, prices: Prices, warnings: Mapping[int, Sequence[str]], version: int) -> bytes:
        """The body of the answer; `warnings` are by row."""
        columns = {"price": prices.price.tolist()}
        if prices.lower is not None and prices.upper is not None:
            columns |= {"lower": prices.lower.tolist(), "upper": prices.upper.tolist()}
        rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
        predictions = [{**row, "warnings": list(warnings.get(at, ()))} for at, row in enumerate(rows)]
        return orjson.dumps({"predictions": predictions, "model_version": str(version)})


def explained(explanations: Sequence[Explanation], version: int) -> bytes:
    """The body of the answer that explains prices."""
    return orjson.dumps({"explanations": list(explanations), "model_version": str(version)})


def _asked(body: bytes) -> dict[str, Any]:
    """The body as {"houses": ...}, whichever of the shapes it has."""
    if not body.strip():
        raise BadMessage(f"The body is empty, allowed: {_SHAPES}.")
    try:
        came = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadMessage(f"The body is not JSON: {error}. Allowed: {_SHAPES}.") from error
    if isinstance(came, dict) and (HOUSES in came or proto.VALUATION_DATE in came):
        return {HOUSES: None, **came}
    return {HOUSES: [came] if isinstance(came, dict) else came}
