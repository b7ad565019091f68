"""Converts between tensors of the Open Inference Protocol and a model's arrays.

This is the raw API: values reach the model unchecked, with NaN and "" for missing ones. Only the typed API
checks them against the contract's bounds and choices.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from house_prices.contract.schema import Contract
from inference_server.arrays import (
    CATEGORIES,
    INTERVAL,
    NUMBERS,
    PRICE,
    VALUATION_DATE,
    Floats,
    Inputs,
    Prices,
    Texts,
)
from inference_server.codecs.columns import LONGEST_REFERENCE
from inference_server.codecs.oip_bytes import TextReader
from inference_server.errors import BadTensor, MethodNotFound, TooManyRows, listed, quoted

MEANINGFUL_PARAMETERS = {
    "shared_memory_region": "Shared memory is not offered. Send the tensor in the message.",
    "classification": "Classification is not offered: the model gives prices, not classes.",
}
"""Parameters of a tensor that are refused; others are ignored."""
REFERENCES = "references"
"""Parameter of a request: a JSON list with the caller's name for each house, or null."""
FP32, BYTES = "FP32", "BYTES"
CONTENTS = {FP32: "fp32_contents", BYTES: "bytes_contents"}


@dataclass(frozen=True, kw_only=True)
class TensorSpec:
    """A tensor that the model takes or gives; rows are free."""

    name: str
    datatype: str
    width: int
    columns: tuple[str, ...]
    """Names of the columns, in order."""

    @property
    def shape(self) -> tuple[int, int]:
        """[rows, width]; rows are -1, which is any number."""
        return (-1, self.width)


class TensorCodec:
    """Reads ModelInferRequest and writes ModelInferResponse for one version of a model."""

    def __init__(self, contract: Contract, outputs: Sequence[str]) -> None:
        numbers = tuple(feature.name for feature in contract.numbers)
        categories = tuple(feature.name for feature in contract.categories)
        both = (
            TensorSpec(name=NUMBERS, datatype=FP32, width=len(numbers), columns=numbers),
            TensorSpec(name=CATEGORIES, datatype=BYTES, width=len(categories), columns=categories),
        )
        self.inputs = [spec for spec in both if spec.width]
        self.date = TensorSpec(name=VALUATION_DATE, datatype=FP32, width=1, columns=(VALUATION_DATE,))
        """An input that may be left out: days from 1970-01-01, NaN for the model's reference date."""
        self._is_dated = contract.is_dated
        self.outputs = [TensorSpec(name=name, datatype=FP32, width=1, columns=(name,)) for name in outputs]
        self._texts = TextReader(
            CATEGORIES, ["", *(text for one in contract.categories for text in one.choices)]
        )

    def read(self, request: Any, *, max_rows: int) -> Inputs:
        """The arrays of a request; raises BadTensor if they do not fit the model."""
        tensors = list(request.inputs)
        specs = self._specs(tensors)
        places = self._places(tensors, specs)
        rows = _rows(tensors[places[0]], self.inputs[0])
        if rows > max_rows:
            raise TooManyRows(rows, max_rows)
        for place, spec in zip(places[1:], specs[1:], strict=True):
            if _rows(tensors[place], spec) != rows:
                came = list(tensors[place].shape)
                raise BadTensor(f"shape of {spec.name}: came {came}, allowed: [{rows}, {spec.width}].")
        raw = request.raw_input_contents
        _no_mixture(tensors, raw)
        sources = {
            spec.name: raw[place] if raw else tensors[place].contents
            for spec, place in zip(specs, places, strict=True)
        }
        date = sources.get(VALUATION_DATE)
        return Inputs(
            numbers=_numbers(sources[NUMBERS], rows, self.inputs[0])
            if NUMBERS in sources
            else np.empty((rows, 0), np.float32),
            categories=self._categories(sources[CATEGORIES], rows)
            if CATEGORIES in sources
            else np.empty((rows, 0), np.object_),
            days=None if date is None else _numbers(date, rows, self.date)[:, 0],
            references=_references(request, rows) if request.parameters else (),
        )

    def _specs(self, tensors: Sequence[Any]) -> list[TensorSpec]:
        """The inputs that the request has to have: the date, too, if it has one."""
        if self._is_dated and any(tensor.name == VALUATION_DATE for tensor in tensors):
            return [*self.inputs, self.date]
        return self.inputs

    def _places(self, tensors: Sequence[Any], specs: Sequence[TensorSpec]) -> list[int]:
        """Where each of the inputs stands in the request."""
        names = [tensor.name for tensor in tensors]
        if sorted(names) != sorted(spec.name for spec in specs):
            wanted = listed(spec.name for spec in self.inputs)
            also = f"; {VALUATION_DATE} may be added" if self._is_dated else ""
            came = listed(map(quoted, names))
            raise BadTensor(f"inputs: came {came}, allowed: {wanted}, each once{also}.")
        for tensor in tensors:
            _check_parameters(tensor)
        return [names.index(spec.name) for spec in specs]

    def _categories(self, source: Any, rows: int) -> Texts:
        spec = self.inputs[-1]
        if isinstance(source, bytes):
            found = self._texts.raw(source, rows * spec.width)
        else:
            found = self._texts.typed(_typed(source, rows, spec))
        return np.array(found, np.object_).reshape(rows, spec.width)

    def wanted(self, request: Any) -> list[str]:
        """Names of the outputs that a request asks for; all of them if it names none."""
        known = [spec.name for spec in self.outputs]
        if not request.outputs:
            return known
        for output in request.outputs:
            _check_parameters(output)
            if output.name not in known:
                raise BadTensor(f"outputs: came {quoted(output.name)}, allowed: {listed(known)}.")
        return list(dict.fromkeys(output.name for output in request.outputs))

    def write(self, response: Any, prices: Prices, wanted: Sequence[str], *, raw: bool) -> None:
        """Add the outputs that are wanted: raw, or typed."""
        columns = dict(zip((PRICE, *INTERVAL), (prices.price, prices.lower, prices.upper), strict=True))
        shape = (len(prices.price), 1)
        for name in wanted:
            column: Any = columns[name]
            output = response.outputs.add(name=name, datatype=FP32, shape=shape)
            if raw:
                response.raw_output_contents.append(column.astype("<f4", copy=False).tobytes())
            else:
                output.contents.fp32_contents.extend(column.tolist())


def _rows(tensor: Any, spec: TensorSpec) -> int:
    if tensor.datatype != spec.datatype:
        came = quoted(tensor.datatype)
        raise BadTensor(f"datatype of {spec.name}: came {came}, allowed: {spec.datatype!r}. Convert it.")
    shape = tuple(tensor.shape[:3])
    if len(shape) == 2 and shape[0] > 0 and shape[1] == spec.width:
        return int(shape[0])
    came = ", ".join([*map(str, shape[:2]), *(["..."] if len(shape) > 2 else [])])
    raise BadTensor(
        f"shape of {spec.name}: came [{came}], allowed: [rows, {spec.width}] with at least one row, and the "
        "columns that ModelMetadata names."
    )


def _no_mixture(tensors: Sequence[Any], raw: Sequence[bytes]) -> None:
    if not raw:
        return
    if len(raw) != len(tensors):
        raise BadTensor(f"raw_input_contents: came {len(raw)}, allowed: {len(tensors)}, one for each input.")
    for tensor in tensors:
        if tensor.HasField("contents") and tensor.contents.ByteSize():
            raise BadTensor(
                f"{tensor.name}: came contents and raw_input_contents, allowed: one of the two in a request."
            )


def _numbers(source: Any, rows: int, spec: TensorSpec) -> Floats:
    count = rows * spec.width
    if not isinstance(source, bytes):
        return np.fromiter(_typed(source, rows, spec), np.float32, count).reshape(rows, spec.width)
    if len(source) != 4 * count:
        raise BadTensor(
            f"raw size of {spec.name}: came {len(source)} bytes, allowed: {4 * count}, "
            f"which is 4 for each element of [{rows}, {spec.width}]."
        )
    return np.frombuffer(source, "<f4").reshape(rows, spec.width)


def _typed(contents: Any, rows: int, spec: TensorSpec) -> Sequence[Any]:
    wanted = CONTENTS[spec.datatype]
    others = [field.name for field, _ in contents.ListFields() if field.name != wanted]
    if others:
        raise BadTensor(f"contents of {spec.name}: came {listed(others)}, allowed: {wanted} alone.")
    values: Sequence[Any] = getattr(contents, wanted)
    if len(values) != rows * spec.width:
        raise BadTensor(
            f"contents of {spec.name}: came {len(values)} values in {wanted}, allowed: {rows * spec.width}, "
            f"as many as [{rows}, {spec.width}] has."
        )
    return values


def _references(request: Any, rows: int) -> Sequence[str]:
    """The callers' names for the houses; empty if the request has none."""
    if REFERENCES not in request.parameters:
        return ()
    text = request.parameters[REFERENCES].string_param
    try:
        came = json.loads(text)
    except (ValueError, RecursionError):
        came = None
    if not isinstance(came, list) or len(came) != rows or not all(map(_is_reference, came)):
        raise BadTensor(
            f"parameters.{REFERENCES}: came {quoted(text)}, allowed: a string_param with a JSON list of "
            f"{rows} texts of at most {LONGEST_REFERENCE} characters, or null, one for each house."
        )
    return [reference or "" for reference in came]


def _is_reference(value: object) -> bool:
    if value is None:
        return True
    is_short = isinstance(value, str) and len(value) <= LONGEST_REFERENCE
    return (
        is_short and value == str(value).encode(errors="ignore").decode()
    )  # half a surrogate pair is no text


def _check_parameters(tensor: Any) -> None:
    if tensor.parameters:
        for name, why in MEANINGFUL_PARAMETERS.items():
            if name in tensor.parameters:
                raise MethodNotFound(f"{tensor.name}: {why}")
