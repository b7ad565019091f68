"""Reading a contract, with every fault at once.

`read` takes `data/<market>/contract.toml`; `from_values` takes the same as a mapping, as a manifest
holds it. Both raise `ContractError`.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from house_prices.contract import (
    EXACT_IN_FLOAT32,
    KINDS,
    METRICS,
    Cleaning,
    Contract,
    Feature,
    Gate,
    Keys,
    Split,
    Target,
    Training,
    Value,
    plain,
)
from house_prices.errors import ContractError
from house_prices.table import Table

_DATE_FORMAT = "(%[Ymd][-/. ]?){3}"
_NAME = "[a-z][a-z0-9]*(_[a-z0-9]+)*"


def read(path: Path) -> Contract:
    """The contract in a file, whose folder has the market's name."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ContractError(str(path), [f"cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContractError(str(path), [f"is not TOML: {error}"]) from error
    contract = from_values(values, where=str(path))
    if contract.name != path.parent.name:
        fault = f"name: came {contract.name!r}, allowed: the name of the folder, {path.parent.name!r}"
        raise ContractError(str(path), [fault])
    return contract


def read_all(data: Path) -> dict[str, Contract]:
    """Every market below the data folder, by name."""
    paths = sorted(data.glob("*/contract.toml"))
    return {contract.name: contract for contract in map(read, paths)}


def from_values(values: Mapping[str, object], where: str = "contract") -> Contract:
    """The contract in a mapping shaped like `contract.toml`."""
    faults: list[str] = []
    top = Table(values, "", faults)
    contract = Contract(
        name=top.text("name", pattern=_NAME),
        title=top.text("title"),
        api_version=top.whole("api_version", 1, low=1, high=9999),
        decimal=top.text("decimal", ".", one_of=(".", ",")),
        target=_target(top.table("target")),
        features=tuple(_feature(table) for table in top.tables("features")),
        keys=_keys(top.table("keys")),
        split=_split(top.table("split")),
        cleaning=_cleaning(top.table("cleaning")),
        training=_training(top.table("training")),
        gate=_gate(top.table("gate")),
        slices=_slices(top.table("slices")),
        example=_scalars(top.table("example")),
        values=values,
    )
    top.close()
    faults.extend(_contradictions(contract))
    if faults:
        raise ContractError(where, faults)
    return contract


def _target(table: Table) -> Target:
    target = Target(
        name=table.text("name", "price", pattern=_NAME),
        column=table.text("column"),
        unit=table.text("unit", ""),
        log=table.truth("log", False),
    )
    table.close()
    return target


def _feature(table: Table) -> Feature:
    kind = table.text("kind", one_of=KINDS)
    missing = table.scalar("missing")
    feature = Feature(
        name=table.text("name", pattern=_NAME),
        column=table.text("column"),
        number=table.whole("number", low=1, high=18999),
        kind=kind,  # type: ignore[arg-type]  # one of KINDS, or a fault is kept
        unit=table.text("unit", ""),
        minimum=table.optional_number("minimum"),
        maximum=table.optional_number("maximum"),
        choices=table.texts("choices"),
        missing=missing,
        required=table.truth("required", missing is None),
        description=table.text("description", ""),
    )
    table.close()
    _feature_contradictions(table, feature)
    return feature


def _feature_contradictions(table: Table, feature: Feature) -> None:
    bounds = [bound for bound in (feature.minimum, feature.maximum) if bound is not None]
    if feature.kind in ("flag", "category") and bounds:
        table.fault("minimum", bounds[0], f"no bounds, for a {feature.kind} has none")
    if len(bounds) == 2 and bounds[0] > bounds[1]:
        table.fault("minimum", bounds[0], f"at most the maximum, {plain(bounds[1])}")
    if feature.kind == "integer" and any(abs(bound) > EXACT_IN_FLOAT32 for bound in bounds):
        table.fault("maximum", bounds[-1], f"at most {EXACT_IN_FLOAT32}, which float32 still holds exactly")
    if feature.kind == "category" and not feature.choices:
        table.fault("choices", list(feature.choices), "a list of every value that the category may take")
    if feature.kind != "category" and feature.choices:
        table.fault("choices", list(feature.choices), "nothing: only a category has choices")
    if "" in feature.choices:
        table.fault("choices", "", "names; an empty cell is described by `missing`")
    if feature.missing is not None and not feature.accepts(feature.missing):
        table.fault("missing", feature.missing, feature.allowed)
    if feature.missing is not None and feature.required:
        table.fault("required", True, "false, for `missing` says what an empty cell stands for")


def _keys(table: Table) -> Keys:
    keys = Keys(
        property=table.text("property") if "property" in table else None,
        sold=table.texts("sold"),
        sold_format=table.text("sold_format", "%Y-%m-%d", pattern=_DATE_FORMAT),
    )
    if len(keys.sold) > 3:
        table.fault("sold", list(keys.sold), "one column of dates, or year, month (and day)")
    table.close()
    return keys


def _split(table: Table) -> Split:
    split = Split(
        by=table.text("by", "hash", one_of=("hash", "sold")),  # type: ignore[arg-type]  # as listed
        holdout=table.number("holdout", 0.2, low=0.01, high=0.9),
        calibration=table.number("calibration", 0.1, low=0.0, high=0.9),
    )
    if split.holdout + split.calibration > 0.9:
        table.fault("calibration", split.calibration, "a share that leaves a tenth of the sales to train on")
    table.close()
    return split


def _cleaning(table: Table) -> Cleaning:
    cleaning = Cleaning(
        outliers=table.text("outliers", "none", one_of=("iqr", "none")),  # type: ignore[arg-type]  # as listed
        factor=table.number("factor", 1.5, low=0.1, high=100),
        duplicates=table.text("duplicates", "drop", one_of=("drop", "keep")),  # type: ignore[arg-type]  # as listed
    )
    table.close()
    return cleaning


def _training(table: Table) -> Training:
    candidates = table.table("candidates")
    if not candidates.keys():
        table.fault(
            "candidates", {}, "a table for each estimator to try, such as [training.candidates.ridge]"
        )
    found: dict[str, dict[str, tuple[object, ...]]] = {}
    for name in candidates.keys():
        space = candidates.table(name)
        found[name] = {parameter: space.scalars(parameter) for parameter in space.keys()}
    training = Training(
        candidates=found,
        folds=table.whole("folds", 5, low=2, high=50),
        iterations=table.whole("iterations", 8, low=1, high=10_000),
        search_rows=table.whole("search_rows", 20_000, low=100, high=10**9),
    )
    table.close()
    return training


def _gate(table: Table) -> Gate:
    gate = Gate(
        parity=table.number("parity", 1e-5, low=1e-9, high=1.0),
        margin=table.number("margin", 0.0, low=0.0, high=1.0),
        floors=_metrics(table.table("floors")),
        ceilings=_metrics(table.table("ceilings")),
    )
    table.close()
    return gate


def _metrics(table: Table) -> dict[str, float]:
    for name in table.keys():
        if name not in METRICS:
            table.fault(name, name, f"one of {', '.join(METRICS)}")
    return {name: table.number(name) for name in table.keys()}


def _slices(table: Table) -> tuple[str, ...]:
    columns = table.texts("columns")
    table.close()
    return columns


def _scalars(table: Table) -> dict[str, Value]:
    read = {name: table.scalar(name) for name in table.keys()}
    return {name: value for name, value in read.items() if value is not None}


def _contradictions(contract: Contract) -> list[str]:
    """Faults between the parts of a contract, each of which is well formed by itself."""
    faults: list[str] = []
    features = {feature.name: feature for feature in contract.features}
    once = {
        "name": [contract.target.name, *(feature.name for feature in contract.features)],
        "column": [contract.target.column, *(feature.column for feature in contract.features)],
        "number": [str(feature.number) for feature in contract.features],
    }
    for what, taken in once.items():
        for again in sorted({item for item in taken if item and taken.count(item) > 1}):
            faults.append(f"features: {what} {again} stands twice, allowed: each {what} once")
    if contract.split.by == "sold" and not contract.keys.sold:
        faults.append("split.by: came 'sold', allowed: 'hash', for keys.sold names no date")
    for name in contract.slices:
        if name not in features or features[name].kind == "number":
            faults.append(f"slices.columns: came {name!r}, allowed: an integer, flag or category feature")
    for name, value in contract.example.items():
        if name not in features:
            faults.append(f"example.{name}: is no feature, allowed: {', '.join(features)}")
        elif not features[name].accepts(value):
            faults.append(f"example.{name}: came {value!r}, allowed: {features[name].allowed}")
    for feature in contract.features if contract.example else ():
        if feature.required and feature.name not in contract.example:
            faults.append(f"example.{feature.name}: is missing, allowed: {feature.allowed}")
    return faults
