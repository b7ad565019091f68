"""Dagster metadata that several assets share."""

import base64
import importlib.metadata
from collections.abc import Iterable, Sequence
from typing import TypedDict

import dagster as dg

from house_prices.contract import proto
from house_prices.contract.schema import Contract
from house_prices.model_card.charts import standalone
from house_prices.model_card.view import Picture
from house_prices.sales.columns import GROUP, PART, PARTS, PROPERTY, REFERENCE, SOLD

OWNERS = ["team:pricing"]
PARQUET, PICKLE, FILE, SAMPLE = "parquet_io", "pickle_io", "file_io", "sample_io"
"""Resource keys of the IO managers."""
TRAINING_POOL = "training"


def key(contract: Contract, name: str) -> dg.AssetKey:
    """The key of a market's asset."""
    return dg.AssetKey([contract.name, name])


def stored(contract: Contract) -> str:
    """The IO manager of a market's sales: beyond memory, whoever does not ask for the file gets a sample."""
    return PARQUET if contract.engine.in_memory else SAMPLE


def every_sale(contract: Contract, name: str) -> dg.AssetIn:
    """All sales of an asset: a frame, or beyond memory the path of their file."""
    return dg.AssetIn(key(contract, name), input_manager_key=PARQUET if contract.engine.in_memory else FILE)


class Common(TypedDict):
    """What every asset of a market is declared with."""

    key: dg.AssetKey
    group_name: str
    owners: Sequence[str]
    code_version: str


def common(contract: Contract, name: str) -> Common:
    """The declaration of a market's asset. Its code changes with the package and the contract."""
    package = importlib.metadata.version("house-prices")
    return Common(
        key=key(contract, name),
        group_name=contract.name,
        owners=OWNERS,
        code_version=f"{package}-{contract.digest[:12]}",
    )


def picture(png: bytes) -> dg.MetadataValue:
    """A PNG that the UI shows."""
    return dg.MetadataValue.md(f"![](data:image/png;base64,{base64.b64encode(png).decode()})")


def chart(of: Picture) -> dg.MetadataValue:
    """A chart of the model card."""
    image = base64.b64encode(standalone(of).encode()).decode()
    return dg.MetadataValue.md(f"![{of.title}](data:image/svg+xml;base64,{image})\n\n{of.caption}")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> dg.MetadataValue:
    """A table whose first column names what the others count or measure."""
    lines = [_row(header), "| --- |" + " ---: |" * (len(header) - 1), *map(_row, rows)]
    return dg.MetadataValue.md("\n".join(lines))


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


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
            description=proto.describe(feature),
            constraints=dg.TableColumnConstraints(nullable=not feature.required and feature.missing is None),
        )
        for feature in contract.features
    ]
    target = contract.target
    unit = f" in {target.unit}" if target.unit else ""
    columns.append(dg.TableColumn(target.name, type="float64", description=f"Price{unit}."))
    if contract.keys.property:
        columns.append(dg.TableColumn(PROPERTY, type="string", description="The property that was sold."))
    if contract.monitoring.reference:
        columns.append(dg.TableColumn(REFERENCE, type="string", description="What callers call the house."))
    if contract.keys.sold:
        date = "Date of the sale as a whole number of year, month and day, such as 20100731."
        columns.append(dg.TableColumn(SOLD, type="float64", description=date))
    return dg.TableSchema(columns)


def split_schema(contract: Contract) -> dg.TableSchema:
    """The columns of cleaned sales, the part of the split that each belongs to, and what stays together."""
    part = dg.TableColumn(PART, type="category", description=f"One of {', '.join(PARTS)}.")
    group = dg.TableColumn(GROUP, type="uint64", description="The same for the sales of one property.")
    return dg.TableSchema([*clean_schema(contract).columns, part, group])


def clean_lineage(contract: Contract) -> dg.TableColumnLineage:
    """Which raw columns each cleaned column comes from."""
    keys = contract.keys
    sources: dict[str, tuple[str, ...]] = {f.name: (f.column,) for f in contract.features}
    sources[contract.target.name] = (contract.target.column,)
    sources |= {PROPERTY: (keys.property,)} if keys.property else {}
    sources |= {REFERENCE: (contract.monitoring.reference,)} if contract.monitoring.reference else {}
    sources |= {SOLD: keys.sold} if keys.sold else {}
    raw = key(contract, "raw_sales")
    return dg.TableColumnLineage(
        {name: [dg.TableColumnDep(raw, column) for column in columns] for name, columns in sources.items()}
    )
