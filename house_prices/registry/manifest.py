"""What is written beside a model: everything needed to serve it and to know where it came from."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from house_prices.contract import reader
from house_prices.contract.schema import Contract
from house_prices.registry import reading

FIELDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("sha256", "created_at", "contract_digest"), str),
    **dict.fromkeys(("contract", "ranges", "golden", "training", "data", "lineage"), dict),
}


@dataclass(frozen=True, kw_only=True)
class Golden:
    """Houses with the prices that the model gave when it was exported. A server replays them."""

    numbers: tuple[tuple[float, ...], ...]
    """[rows, numbers]; NaN if a value is missing."""
    categories: tuple[tuple[str, ...], ...]
    """[rows, categories]; "" if a value is missing."""
    prices: tuple[float, ...]
    """[rows], in the target's unit."""
    days: tuple[float, ...] | None = None
    """[rows]: valuation dates in days from 1970-01-01. NaN is the reference date; None: all are."""


@dataclass(frozen=True, kw_only=True)
class Background:
    """Typical training sales: a price is explained by how a house differs from them."""

    numbers: tuple[tuple[float, ...], ...]
    """[rows, numbers]; NaN if a value is missing."""
    categories: tuple[tuple[str, ...], ...]
    """[rows, categories]; "" if a value is missing."""
    one_of: tuple[tuple[str, ...], ...]
    """Flags of which exactly one is true in every training sale: they count as one feature."""


@dataclass(frozen=True, kw_only=True)
class Dates:
    """The dates that a model knows."""

    method: str
    """How it takes a date into account, one of `house_prices.contract.schema.TIME_METHODS`."""
    reference: date
    """Prices are as of this date if none is asked for."""
    first: date
    """The first sale's, and the first that a price may be asked for."""
    newest: date
    """Of the newest sale that it was fitted on."""
    until: date
    """The last that a price may be asked for."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A published model version, described."""

    sha256: str
    """Of model.onnx, in hexadecimal."""
    created_at: str
    """ISO 8601, UTC."""
    contract: Contract
    ranges: Mapping[str, tuple[float, float]]
    """Least and greatest value of each number, integer and flag feature seen in training."""
    golden: Golden
    training: Mapping[str, object]
    """Estimator, its parameters, and how each candidate estimator did in cross-validation."""
    data: Mapping[str, object]
    """Raw files with their sha256, and the number of sales in each part."""
    lineage: Mapping[str, str]
    """Run id, code version and library versions."""
    dates: Dates | None = None
    """None if dates do not count."""
    background: Background | None = None
    """None for a version that cannot explain its prices, as those of earlier releases."""

    def to_json(self) -> bytes:
        """UTF-8 JSON; a missing number is null."""
        golden: dict[str, object] = {
            "numbers": _nullable(self.golden.numbers),
            "categories": self.golden.categories,
            "prices": self.golden.prices,
        }
        if self.golden.days is not None:
            golden["days"] = [None if day != day else day for day in self.golden.days]
        values: dict[str, object] = {
            "sha256": self.sha256,
            "created_at": self.created_at,
            "contract_digest": self.contract.digest,
            "contract": self.contract.values,
            "ranges": self.ranges,
            "golden": golden,
            "training": self.training,
            "data": self.data,
            "lineage": self.lineage,
        }
        if self.dates is not None:
            values["dates"] = {name: str(value) for name, value in asdict(self.dates).items()}
        if self.background is not None:
            numbers = _nullable(self.background.numbers)
            values["background"] = {**asdict(self.background), "numbers": numbers}
        return json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def from_json(content: bytes, where: str) -> Manifest:
    """Read a manifest; raises ValueError, KeyError, TypeError or ContractError on one not by `to_json`."""
    values = reading.typed(reading.parse(content), FIELDS)
    contract = reader.from_values(values["contract"], where=where)
    if contract.digest != values["contract_digest"]:
        raise ValueError("the contract differs from its digest")
    golden = values["golden"]
    return Manifest(
        sha256=values["sha256"],
        created_at=values["created_at"],
        contract=contract,
        ranges={name: (float(low), float(high)) for name, (low, high) in values["ranges"].items()},
        golden=Golden(
            numbers=tuple(map(_known, golden["numbers"])),
            categories=_texts(golden["categories"]),
            prices=tuple(map(float, golden["prices"])),
            days=_known(golden["days"]) if "days" in golden else None,
        ),
        training=values["training"],
        data=values["data"],
        lineage=values["lineage"],
        dates=_dates(values["dates"]) if "dates" in values else None,
        background=_background(values["background"]) if "background" in values else None,
    )


def _nullable(rows: Iterable[Iterable[float]]) -> list[list[float | None]]:
    """NaN is no number in JSON."""
    return [[None if value != value else value for value in row] for row in rows]


def _background(values: Mapping[str, Sequence[Sequence[Any]]]) -> Background:
    return Background(
        numbers=tuple(map(_known, values["numbers"])),
        categories=_texts(values["categories"]),
        one_of=_texts(values["one_of"]),
    )


def _texts(rows: Iterable[Iterable[object]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(map(str, row)) for row in rows)


def _known(values: Iterable[float | None]) -> tuple[float, ...]:
    return tuple(float("nan") if value is None else float(value) for value in values)


def _dates(values: Mapping[str, str]) -> Dates:
    first, newest = date.fromisoformat(values["first"]), date.fromisoformat(values["newest"])
    reference, until = date.fromisoformat(values["reference"]), date.fromisoformat(values["until"])
    return Dates(method=values["method"], reference=reference, first=first, newest=newest, until=until)
