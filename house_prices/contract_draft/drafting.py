"""The text of a contract, drafted from a file."""

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import tomlkit
from tomlkit.items import Item, Table

from house_prices.contract import reader
from house_prices.contract.schema import Cleaning, Source
from house_prices.contract.toml_table import QUESTION
from house_prices.contract_draft import dates, defaults, naming
from house_prices.contract_draft.columns import Column, columns
from house_prices.contract_draft.feature import feature, question, typical, unit_asked
from house_prices.contract_draft.reading import RawTable, read
from house_prices.contract_draft.roles import Roles, assign
from house_prices.sales import columns as taken
from house_prices.sales import units

_TARGET = "price"
_TAKEN = (_TARGET, taken.PROPERTY, taken.SOLD, taken.PART, taken.REASON)
"""Names that cleaned sales have already."""
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", "": "nothing"}
_SKEWED = 0.5
_NOMINAL = 0.05
"""Share of the median price below which a price is nominal."""
_MOSTLY = 0.5
"""Share of empty cells from which on a typical house has nothing there."""
_SLICES, _SLICE_CHOICES = 3, 12
_MOST_REJECTS = next(f.metadata["default"] for f in fields(Cleaning) if f.name == "most_rejects")


def draft(path: Path, target: str, name: str | None = None, source: Source | None = None) -> str:
    """The contract of a market, drafted from one file of its sales; a person reads and completes it.

    `target` is the header of the prices, `name` the market's: that of the file where it is None. `source`
    is where the file comes from, if not from the market's raw/.
    """
    table = read(path)
    roles = assign(columns(table), target)
    text = _text(table, roles, name or naming.name(path.stem, "market"), source)
    reader.from_values(_answered(tomllib.loads(text)), where=f"the draft from {path.name}")
    return text


def _answered(values: Any) -> Any:
    """The same with an answer to each question, whichever."""
    answers = {"decimal": ".", "sold_format": "%d/%m/%Y", "unit": "EUR"}
    if isinstance(values, list):
        return [_answered(value) for value in values]
    if not isinstance(values, dict):
        return values
    return {
        key: answers.get(key, value) if value == QUESTION else _answered(value)
        for key, value in values.items()
    }


def _text(table: RawTable, roles: Roles, market: str, source: Source | None) -> str:
    wanted = (naming.name(column.header, f"column_{column.place}") for column, _ in roles.features)
    features = dict(zip(naming.distinct(wanted, _TAKEN), roles.features, strict=True))
    document = tomlkit.document()
    for line in _origin(table):
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    document.update(name=market, title=market.replace("_", " ").title(), api_version=1)
    if table.doubt:
        document["decimal"] = tomlkit.item(QUESTION).comment(
            f"decide: which mark has decimals after it? In {table.doubt} it may be one of thousands"
        )
    elif table.decimal == ",":
        document["decimal"] = ","
    if source:
        document["source"] = {"url": source.url} | ({"query": source.query} if source.query else {})
    document["target"] = _target(roles.target, bool(table.doubt))
    if roles.property or roles.sold:
        document["keys"] = _keys(roles)
    document.add(tomlkit.nl())
    for line in _left_out(roles):
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    document["features"] = tomlkit.aot()
    for at, (key, (column, kind)) in enumerate(features.items(), start=1):
        document["features"].append(feature(column, roles.target, key, at, kind, doubted=bool(table.doubt)))
    document["split"] = _split(roles)
    document.update(tomlkit.parse(defaults.text(len(table.cells))))
    if (refused := _refused(roles, len(table.cells))) > _MOST_REJECTS:
        most = tomlkit.item(min(1.0, math.ceil(20 * refused + 1) / 20))
        document["cleaning"]["most_rejects"] = most.comment(
            f"decide: {refused:.0%} of these sales are refused"
        )
    document["slices"] = {"columns": _slices(features)}
    document["example"] = {
        key: typical(column, kind) for key, (column, kind) in features.items() if column.empty < _MOSTLY
    }
    return tomlkit.dumps(document)


def _origin(table: RawTable) -> Iterator[str]:
    mark = "mark in doubt" if table.doubt else "comma" if table.decimal == "," else "point"
    between = _SEPARATORS[table.separator]
    yield f"Drafted from {table.file}: {len(table.cells)} sales, {between} between columns, decimal {mark}."
    yield from table.notes
    yield "A draft knows columns, not houses: add units and descriptions, and decide where it says so."


def _target(price: Column, doubted: bool) -> Table:
    sold = price.known[price.known > 0]  # the rest is refused
    skewed = sold.nunique() > 1 and _skew(sold) > _SKEWED
    table = tomlkit.table()
    table.update(
        name=_TARGET,
        column=price.header,
        unit=_currency(price),
        log=skewed,
    )
    if price.doubt and not doubted:
        table["decimal"] = question(price)
    if low := _nominal(price):
        count = int((sold < low).sum())
        table["minimum"] = tomlkit.item(low).comment(
            f"decide: {count} prices are lower, as in deeds among relatives; their sales are refused"
        )
    if price.strangers or price.low <= 0 or price.filled < price.rows:
        table.add(tomlkit.comment("Sales whose price is empty, no number or not above 0 are refused."))
    return table


def _nominal(price: Column) -> int:
    """Below it, prices are what deeds name where nothing is paid; 0 if no price is that low.

    Sales at such prices are left out of ratio studies (Standard on Ratio Studies, IAAO, 2013, appendix A).
    """
    sold = price.known[price.known > 0]
    low = float(sold.median()) * _NOMINAL
    low = int(round(low, -math.floor(math.log10(low)))) if low >= 1 else 0
    return low if (sold < low).any() else 0


def _currency(price: Column) -> Item:
    if price.has_several_units:
        return unit_asked(price)
    unit = tomlkit.item(price.unit)
    if not price.unit:
        return unit.comment("decide: USD, EUR ...")
    others = units.signs_of(price.unit)
    return unit.comment(f"decide: its sign may mean {', '.join(others)} too") if others else unit


def _skew(numbers: "pd.Series[float]") -> float:
    """How far a distribution leans: 0 where it is symmetric, 2 where it is exponential."""
    away = numbers.to_numpy() - float(numbers.mean())
    return float((away**3).mean() / (away**2).mean() ** 1.5)


def _keys(roles: Roles) -> Table:
    table = tomlkit.table()
    if roles.property:
        key = roles.property
        table["property"] = key.header
        table["property"].comment(f"{key.distinct} different values in {key.filled} sales")
    if roles.sold:
        table["sold"] = [column.header for column in roles.sold]
        forms = dates.formats(roles.sold[0]) if len(roles.sold) == 1 else []
        if forms and (date := dates.undecided(roles.sold[0])):
            table["sold_format"] = tomlkit.item(QUESTION).comment(f"decide: {' or '.join(forms)}, for {date}")
        elif forms[:1] not in ([], ["%Y-%m-%d"]):
            table["sold_format"] = forms[0]
        if roles.sold[0].filled and (strange := dates.strange(roles.sold[0])):
            table.add(
                tomlkit.comment(
                    f"{len(strange)} are no dates, such as {strange[0]!r}; their sales are refused."
                )
            )
    return table


def _left_out(roles: Roles) -> Iterator[str]:
    if roles.left_out:
        yield "Left out of the features:"
    for column, reason in roles.left_out:
        yield f"  {column.header!r}: {reason}"


def _split(roles: Roles) -> Table:
    dated = roles.sold and not any(column.is_optional for column in roles.sold)
    table = tomlkit.table()
    table.update(by="sold" if dated else "hash", holdout=0.2, calibration=0.0)
    table["calibration"].comment("0: intervals are calibrated in cross-validation, on every training sale")
    return table


def _refused(roles: Roles, sales: int) -> float:
    """Share of the file's sales that its own draft refuses."""
    price = roles.target.known
    sound = set(price.index[(price > 0) & (price >= _nominal(roles.target))])
    for column in roles.sold:
        if not column.is_optional:
            sound &= set(column.cells.index[column.cells.notna()])
    for column, kind in roles.features:
        if not column.is_optional:
            sound &= set(column.cells.index[column.cells.notna()])
        if kind in ("number", "integer"):
            sound &= set(column.known.index) | set(column.cells.index[column.cells.isna()])
    return 1 - len(sound) / sales


def _slices(features: Mapping[str, tuple[Column, str]]) -> list[str]:
    """The categories of few choices that part the sales most evenly."""
    shares = {
        name: column.counts.iloc[0] / column.filled
        for name, (column, kind) in features.items()
        if kind == "category" and column.empty < _MOSTLY and 2 <= column.distinct <= _SLICE_CHOICES
    }
    return sorted(shares, key=lambda name: shares[name])[:_SLICES]
