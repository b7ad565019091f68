"""Converts between a market's typed messages and arrays, by its contract."""

import contextlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from house_prices.contract import proto
from house_prices.contract.proto import Api
from house_prices.contract.schema import Contract, plain
from inference_server.arrays import Inputs, Prices
from inference_server.codecs import batch_decoder, columns
from inference_server.codecs.batch_decoder import FastPathMiss, WireReader
from inference_server.codecs.columns import LARGEST, LONGEST_REFERENCE, Column
from inference_server.codecs.frame import Frame
from inference_server.codecs.one_house import OneHouse
from inference_server.codecs.valuation_dates import ValuationDates
from inference_server.errors import BadHouses, BadMessage, FieldFault, TooManyRows, quoted
from inference_server.rpc.method import reader

MOST_FAULTS = 100


class HouseCodec:
    """Reads PredictRequest and writes PredictResponse."""

    def __init__(
        self,
        contract: Contract,
        api: Api,
        ranges: Mapping[str, tuple[float, float]] | None = None,
        dates: ValuationDates | None = None,
    ) -> None:
        """`ranges` are those of the training data, by feature; `dates` those that may be asked for."""
        self._numbers = columns.numbers(contract)
        self._categories = columns.categories(contract)
        self._has_reference = proto.has_reference(contract)
        self._is_dated = contract.is_dated
        self._dates = dates or ValuationDates(known=None, is_dated=False)
        self._message = reader(api.request)
        self._response: Any = api.response
        self._one = OneHouse(contract, ranges or {})
        self._wire = WireReader(contract, api.request)
        self._ends: dict[int, bytes] = {}
        self._frames = {
            with_interval: Frame(api, with_interval=with_interval) for with_interval in (False, True)
        }

    def read(self, raw: bytes, *, max_rows: int) -> Inputs:
        """The houses of a request; raises BadHouses with all their faults."""
        if len(raw) >= batch_decoder.FEWEST_BYTES:
            with contextlib.suppress(FastPathMiss):
                return self._dated(self._wire.read(raw, max_rows=max_rows))
        request = self._request(raw)
        inputs = self._one.read(request.houses[0]) if len(request.houses) == 1 else None
        return self._asked_of(request, inputs or self._decoded(request.houses, max_rows=max_rows))

    def decode_each(self, raw: bytes, *, max_rows: int) -> Inputs:
        """Decode house by house, field by field: what the fast paths do not read."""
        request = self._request(raw)
        return self._asked_of(request, self._decoded(request.houses, max_rows=max_rows))

    def _request(self, raw: bytes) -> Any:
        return self._message(raw, None)

    def _asked_of(self, request: Any, inputs: Inputs) -> Inputs:
        """The houses with what the request says of all of them."""
        if self._is_dated and request.valuation_date:
            inputs.valuation_date = request.valuation_date
            return self._dated(inputs)
        return inputs

    def _dated(self, inputs: Inputs) -> Inputs:
        """The houses with the date as the model takes it; raises BadHouses if it is not allowed."""
        if inputs.valuation_date:
            if fault := self._dates.fault(inputs.valuation_date):
                raise BadHouses([FieldFault(field=proto.VALUATION_DATE, description=fault)])
            inputs.days = np.full(inputs.rows, self._dates.day(inputs.valuation_date), np.float32)
        return inputs

    def _decoded(self, houses: Sequence[Any], *, max_rows: int) -> Inputs:
        if not houses:
            raise BadMessage("The request has no houses, allowed: at least one.")
        if len(houses) > max_rows:
            raise TooManyRows(len(houses), max_rows)
        faults: list[FieldFault] = []
        numbers, categories = [], []
        for row, house in enumerate(houses):
            numbers.append(_values(house, row, self._numbers, faults))
            categories.append(_values(house, row, self._categories, faults))
            if len(faults) >= MOST_FAULTS:
                raise BadHouses(faults[:MOST_FAULTS], unread=True)
        references = self._references(houses, faults)
        if faults:
            raise BadHouses(faults[:MOST_FAULTS])
        return Inputs(
            numbers=np.array(numbers, np.float32).reshape(len(houses), -1),
            categories=np.array(categories, np.object_).reshape(len(houses), -1),
            references=references,
        )

    def _references(self, houses: Sequence[Any], faults: list[FieldFault]) -> Sequence[str]:
        """The callers' names for the houses; empty if none has one."""
        if not self._has_reference:
            return ()
        found = [house.reference for house in houses]
        for row, reference in enumerate(found):
            if len(reference) > LONGEST_REFERENCE:
                what = f"came {len(reference)} characters, allowed: at most {LONGEST_REFERENCE}"
                faults.append(FieldFault(field=f"houses[{row}].reference", description=what))
        return found if any(found) else ()

    def write(self, prices: Prices, warnings: Mapping[int, Sequence[str]], version: int) -> bytes:
        """The response's bytes; `warnings` are by row."""
        end = self._end(version)
        if warnings:
            return self._written_one_by_one(prices, warnings) + end
        frame = self._frames[prices.lower is not None]
        columns: Any = (prices.price,) if prices.lower is None else (prices.price, prices.lower, prices.upper)
        return frame.written(columns) + end

    def _end(self, version: int) -> bytes:
        """The part of a response that tells the version; written once."""
        if version not in self._ends:
            self._ends[version] = self._response(model_version=str(version)).SerializeToString()
        return self._ends[version]

    def _written_one_by_one(self, prices: Prices, warnings: Mapping[int, Sequence[str]]) -> bytes:
        response = self._response()
        for row, price in enumerate(prices.price.tolist()):
            prediction = response.predictions.add(price=price, warnings=warnings.get(row, ()))
            if prices.lower is not None and prices.upper is not None:
                prediction.lower, prediction.upper = float(prices.lower[row]), float(prices.upper[row])
        written: bytes = response.SerializeToString()
        return written


def _values(house: Any, row: int, of: Sequence[Column], faults: list[FieldFault]) -> list[float | str]:
    values = []
    for column in of:
        value = getattr(house, column.name)
        if not value and not house.HasField(column.name):  # most have a value: ask no more
            values.append(column.absent)
            if column.required:
                faults.append(_fault(row, column, "is missing"))
            continue
        values.append(value)
        if not (value in column.choices if column.choices else column.low <= value <= column.high):
            faults.append(_fault(row, column, f"came {_quoted(value)}"))
    return values


def _fault(row: int, column: Column, what: str) -> FieldFault:
    return FieldFault(
        field=f"houses[{row}].{column.name}", description=f"{what}, allowed: {column.feature.allowed}"
    )


def _quoted(value: float | str) -> str:
    if isinstance(value, str):
        return quoted(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "infinity"
    return f"{value:g}, beyond float32" if abs(value) > LARGEST else plain(value)
