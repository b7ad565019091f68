"""Dagster metadata that several assets share."""

import base64
from collections.abc import Mapping

import dagster as dg

from house_prices import api
from house_prices.contract import Contract

OWNERS = ["team:pricing"]
PARQUET, PICKLE = "parquet_io", "pickle_io"
"""Resource keys of the IO managers."""
TRAINING_POOL = "training"


def key(contract: Contract, name: str) -> dg.AssetKey:
    """The key of a market's asset."""
    return dg.AssetKey([contract.name, name])


def picture(png: bytes) -> dg.MetadataValue:
    """A PNG that the UI shows."""
    return dg.MetadataValue.md(f"![](data:image/png;base64,{base64.b64encode(png).decode()})")


def table(header: tuple[str, str], rows: Mapping[str, object]) -> dg.MetadataValue:
    """A mapping as a table of two columns."""
    lines = [f"| {header[0]} | {header[1]} |", "| --- | --- |"]
    lines += [f"| {name} | {value} |" for name, value in rows.items()]
    return dg.MetadataValue.md("\n".join(lines))


def raw_schema(contract: Contract) -> dg.TableSchema:
    """The columns that a raw file must have."""
    described = {feature.column: feature.description for feature in contract.features}
    return dg.TableSchema(
        [dg.TableColumn(column, description=described.get(column)) for column in contract.columns]
    )


def clean_schema(contract: Contract) -> dg.TableSchema:
    """The typed columns of cleaned sales."""
    columns = [
        dg.TableColumn(
            feature.name,
            type="string" if feature.kind == "category" else "float64",
            description=api.describe(feature),
            constraints=dg.TableColumnConstraints(nullable=not feature.required and feature.missing is None),
        )
        for feature in contract.features
    ]
    target = contract.target
    price = dg.TableColumn(target.name, type="float64", description=f"Price in {target.unit}.")
    return dg.TableSchema([*columns, price])


def clean_lineage(contract: Contract) -> dg.TableColumnLineage:
    """Which raw column each cleaned column comes from."""
    pairs = [(feature.name, feature.column) for feature in contract.features]
    pairs.append((contract.target.name, contract.target.column))
    raw = key(contract, "raw_sales")
    return dg.TableColumnLineage({name: [dg.TableColumnDep(raw, column)] for name, column in pairs})
