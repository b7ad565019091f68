"""Houses of a table as the model takes them, by the rules of the typed API."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from house_prices.contract.schema import Contract
from house_prices.sales import cells, houses, read
from house_prices.sales.columns import UNREAD
from house_prices.sales.sheet import Sheet
from inference_server.arrays import Inputs
from inference_server.codecs import columns
from inference_server.codecs.columns import Column

_INT32 = 2**31


@dataclass(frozen=True, kw_only=True)
class Houses:
    """The rows of a table."""

    inputs: Inputs
    """Of every row; only those without a refusal can be priced."""
    refusals: NDArray[np.object_]
    """[rows] of str: why a row is no house that the server would price; empty if it is one."""


def of_sheet(sheet: Sheet, contract: Contract) -> Houses:
    """Read a table with the features' names or the raw headers. Raises SourceError if it is no such table."""
    headers = houses.headers_of(sheet, contract)
    raw = read.together([sheet], sheet.headers, contract.decimal)
    refusals = raw[UNREAD].fillna("").to_numpy(dtype=object)
    numbers = np.empty((len(raw), len(contract.numbers)), np.float32)
    categories = np.empty((len(raw), len(contract.categories)), np.object_)
    for column in (*columns.numbers(contract), *columns.categories(contract)):
        target = categories if column.choices else numbers
        target[:, column.index] = _settled(raw, headers.get(column.name), column, contract, refusals)
    return Houses(
        inputs=Inputs(numbers=numbers, categories=categories),
        refusals=refusals,
    )


def _settled(
    raw: pd.DataFrame, header: str | None, column: Column, contract: Contract, refusals: NDArray[np.object_]
) -> NDArray[Any]:
    """The values, with what stands for a cell left empty; adds to the refusals what is not allowed."""
    if header is None:
        return np.full(len(raw), column.absent, np.object_ if column.choices else np.float64)
    read_cells = cells.of_feature(raw[header], column.feature, contract)
    empty = read_cells.values.isna().to_numpy()
    filled = read_cells.values.fillna(column.absent)
    values = filled.to_numpy(dtype=object if column.choices else np.float64)
    wrong = read_cells.unreadable | (empty & column.required)
    if not column.choices:
        wrong = wrong | (~empty & ~_allowed(values, column))
    texts = raw[header].astype("str").fillna("")
    for row in np.flatnonzero(wrong).tolist():
        told = f"{column.name}: came {texts.iat[row]!r}, allowed: {column.feature.allowed}"
        refusals[row] = f"{refusals[row]}; {told}" if refusals[row] else told
    return values


def _allowed(values: NDArray[np.float64], column: Column) -> NDArray[np.bool_]:
    """Whether the typed API takes each number: a whole one also has to fit into its int32."""
    allowed = (values >= column.low) & (values <= column.high)
    if column.feature.kind == "integer":
        allowed &= (values == np.round(values)) & (np.abs(values) < _INT32)
    if column.feature.kind == "flag":
        allowed &= np.isin(values, [0.0, 1.0])
    return allowed
