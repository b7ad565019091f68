"""Reading a contract, with every fault at once.

`read` takes `data/<market>/contract.toml`; `from_values` takes the same as a mapping, as a manifest
holds it. Both raise `ContractError`.
"""

import stat
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from house_prices.contract import validation
from house_prices.contract.schema import (
    INTERVAL_METRICS,
    KINDS,
    METRICS,
    TIME_METHODS,
    Cleaning,
    Contract,
    Engine,
    Feature,
    Gate,
    Keys,
    Monitoring,
    Quality,
    Source,
    Split,
    Target,
    Time,
    Training,
    Value,
)
from house_prices.contract.toml_table import Choice, Table
from house_prices.errors import ContractError

_DECIMAL = Choice(
    pattern="[.,]",
    question='"." if 391.000 means 391, "," if it means 391 thousand',
    allowed="one of ., ,",
)
_DATE = Choice(
    pattern="(%[Yymd][-/. ]?){2,3}|excel|unix|unix_ms|decimal_year",
    question='"%d/%m/%Y" if 03/04/2020 is a day in April, "%m/%d/%Y" if it is one in March',
    allowed="text such as %Y-%m-%d, %d/%m/%Y or %Y-%m, or one of excel, unix, unix_ms, decimal_year",
)
_UNIT = Choice(
    pattern="(?s).*",
    question="the one that counts, such as EUR; sales in another are refused",
    allowed="text",
)
LARGEST = 4 << 20
"""Bytes of a contract: thousands of features."""
NAME = "[a-z][a-z0-9]*(_[a-z0-9]+)*"


def read(path: Path) -> Contract:
    """The contract in a file, whose folder has the market's name."""
    try:
        values = tomllib.loads(_content(path).decode())
    except OSError as error:
        raise ContractError(str(path), [f"cannot be read: {error.strerror}"]) from error
    except RecursionError as error:
        raise ContractError(str(path), ["is nested too deep"]) from error
    except ValueError as error:  # of the syntax, of UTF-8, of a number with thousands of digits
        raise ContractError(str(path), [f"is not TOML: {error}"]) from error
    contract = from_values(values, where=str(path))
    if contract.name != path.parent.name:
        fault = f"name: came {contract.name!r}, allowed: the name of the folder, {path.parent.name!r}"
        raise ContractError(str(path), [fault])
    return contract


def _content(path: Path) -> bytes:
    """The bytes of a contract: of a regular file, and of no more than a contract can have."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for
        raise ContractError(str(path), ["is no regular file"])
    if found.st_size > LARGEST:
        raise ContractError(str(path), [f"has {found.st_size} bytes, allowed: {LARGEST}"])
    return path.read_bytes()


def read_each(data: Path) -> tuple[dict[str, Contract], dict[str, ContractError]]:
    """The sound markets below the data folder by name, and what is wrong with the others."""
    contracts, broken = {}, {}
    for path in sorted(data.glob("*/contract.toml")):
        try:
            contracts[path.parent.name] = read(path)
        except ContractError as error:
            broken[path.parent.name] = error
    return contracts, broken


def from_values(values: Mapping[str, object], where: str = "contract") -> Contract:
    """The contract in a mapping shaped like `contract.toml`."""
    faults: list[str] = []
    top = Table(values, "", faults)
    keys = _keys(top.table("keys"))
    contract = Contract(
        name=top.text("name", pattern=NAME),
        title=top.text("title"),
        api_version=top.whole("api_version", 1, low=1, high=9999),
        decimal=top.answer("decimal", ".", _DECIMAL),
        empty=top.texts("empty"),
        source=_source(top.table("source")),
        target=_target(top.table("target")),
        features=tuple(map(_feature, tables := top.tables("features"))),
        keys=keys,
        split=_split(top.table("split")),
        time=_time(top.table("time"), dated=bool(keys.sold)),
        cleaning=_cleaning(top.table("cleaning")),
        engine=_engine(top.table("engine")),
        training=_training(top.table("training")),
        gate=_gate(top.table("gate")),
        quality=_quality(top.table("quality")),
        monitoring=_monitoring(top.table("monitoring")),
        slices=_slices(top.table("slices")),
        example=_scalars(top.table("example")),
        values=values,
    )
    top.close()
    sound = [pair for pair in zip(contract.features, tables, strict=True) if pair[1].sound]
    for feature, table in sound:
        for fault in validation.of_feature(feature):
            table.fault(*fault)
    faults.extend(validation.of_contract(contract, [feature for feature, _ in sound]))
    if faults:
        raise ContractError(where, faults)
    return contract


def source(values: Mapping[str, object]) -> Source:
    """The source in a mapping shaped like the table `[source]`."""
    faults: list[str] = []
    read = _source(Table(values, "source", faults))
    if faults:
        raise ContractError("the source", faults)
    return read


def _source(table: Table) -> Source:
    source = Source(
        url=table.text("url", ""), query=table.text("query", ""), rejects=table.text("rejects", "")
    )
    for fault in validation.of_source(source):
        table.fault(*fault)
    table.close()
    return source


def _target(table: Table) -> Target:
    target = Target(
        name=table.text("name", "price", pattern=NAME),
        column=table.text("column"),
        unit=table.answer("unit", "", _UNIT),
        log=table.truth("log", False),
        decimal=table.answer("decimal", "", _DECIMAL),
        minimum=table.number("minimum", 0.0, low=0.0),
    )
    table.close()
    return target


def _feature(table: Table) -> Feature:
    kind = table.text("kind", one_of=KINDS)
    missing = table.scalar("missing")
    feature = Feature(
        name=table.text("name", pattern=NAME),
        column=table.text("column"),
        number=table.whole("number", low=1, high=18999),
        kind=kind,  # type: ignore[arg-type]  # one of KINDS, or a fault is kept
        unit=table.answer("unit", "", _UNIT),
        minimum=table.optional_number("minimum"),
        maximum=table.optional_number("maximum"),
        choices=table.texts("choices"),
        missing=missing,
        required=table.truth("required", missing is None),
        description=table.text("description", ""),
        decimal=table.answer("decimal", "", _DECIMAL),
    )
    table.close()
    return feature


def _keys(table: Table) -> Keys:
    keys = Keys(
        property=table.text("property") if "property" in table else None,
        sold=table.texts("sold"),
        sold_format=table.answer("sold_format", "%Y-%m-%d", _DATE),
    )
    for fault in validation.of_keys(keys):
        table.fault(*fault)
    table.close()
    return keys


def _split(table: Table) -> Split:
    split = Split(
        by=table.text("by", "hash", one_of=("hash", "sold")),  # type: ignore[arg-type]  # as listed
        **_settings(table, Split),
    )
    if split.holdout + split.calibration > 0.9:
        table.fault("calibration", split.calibration, "a share that leaves a tenth of the sales to train on")
    table.close()
    return split


def _time(table: Table, *, dated: bool) -> Time:
    time = Time(
        adjust=table.texts("adjust", TIME_METHODS if dated else ("none",)),
        **_settings(table, Time),
    )
    if not time.adjust or not set(time.adjust) <= set(TIME_METHODS):
        table.fault("adjust", list(time.adjust), f"one or more of {', '.join(TIME_METHODS)}")
    elif not dated and time.adjust != ("none",):
        table.fault("adjust", list(time.adjust), "none, for keys.sold names no date")
    if time.months and not dated:
        table.fault("months", time.months, "0, for keys.sold names no date")
    table.close()
    return time


def _cleaning(table: Table) -> Cleaning:
    cleaning = Cleaning(
        outliers=table.text("outliers", "none", one_of=("iqr", "none")),  # type: ignore[arg-type]  # as listed
        duplicates=table.text("duplicates", "drop", one_of=("drop", "keep")),  # type: ignore[arg-type]  # as listed
        **_settings(table, Cleaning),
    )
    table.close()
    return cleaning


def _engine(table: Table) -> Engine:
    engine = Engine(
        name=table.text("name", "pandas", one_of=("pandas", "duckdb", "spark")),  # type: ignore[arg-type]  # as listed
        master=table.text("master", ""),
    )
    if engine.master and engine.name != "spark":
        table.fault("master", engine.master, 'nothing, unless name is "spark"')
    table.close()
    return engine


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
        **_settings(table, Training),
    )
    table.close()
    return training


def _gate(table: Table) -> Gate:
    gate = Gate(
        floors=_metrics(table.table("floors"), METRICS),
        ceilings=_metrics(table.table("ceilings"), METRICS),
        area=table.text("area") if "area" in table else None,
        **_settings(table, Gate),
    )
    table.close()
    return gate


def _monitoring(table: Table) -> Monitoring:
    monitoring = Monitoring(
        reference=table.text("reference") if "reference" in table else None,
        **_settings(table, Monitoring),
    )
    for what in ("error", "coverage"):
        warn, fail = (getattr(monitoring, f"{what}_{how}") for how in ("warn", "fail"))
        if fail < warn:
            table.fault(f"{what}_fail", fail, f"at least {what}_warn, {warn:g}")
    table.close()
    return monitoring


def _settings(table: Table, of: type[Any]) -> dict[str, Any]:
    """The numbers that the schema declares with `setting`."""
    read: dict[str, Any] = {}
    for field in fields(of):
        if not field.metadata:
            continue
        given = field.metadata
        name = given["formerly"] if given["formerly"] in table else field.name
        take = table.whole if field.type is int else table.number
        read[field.name] = take(name, given["default"], low=given["low"], high=given["high"])
    return read


def _quality(table: Table) -> Quality:
    known = (*METRICS, *INTERVAL_METRICS)
    quality = Quality(
        floors=_metrics(table.table("floors"), known), ceilings=_metrics(table.table("ceilings"), known)
    )
    table.close()
    return quality


def _metrics(table: Table, known: Sequence[str]) -> dict[str, float]:
    for name in table.keys():
        if name not in known:
            table.fault(name, name, f"one of {', '.join(known)}")
    return {name: table.number(name) for name in table.keys()}


def _slices(table: Table) -> tuple[str, ...]:
    columns = table.texts("columns")
    table.close()
    return columns


def _scalars(table: Table) -> dict[str, Value]:
    read = {name: table.scalar(name) for name in table.keys()}
    return {name: value for name, value in read.items() if value is not None}
