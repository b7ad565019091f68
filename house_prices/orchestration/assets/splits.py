"""The splits asset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from house_prices.contract.schema import Contract
from house_prices.orchestration.assets.metadata import common, every_sale, split_schema, stored, table
from house_prices.orchestration.resources import Folders
from house_prices.progress import Tell
from house_prices.sales import beyond_memory, split
from house_prices.sales.columns import PARTS

MOST_MONTHS = 60
"""Shown in Dagster's UI."""


def splits(contract: Contract) -> dg.AssetsDefinition:
    """Clean sales, each assigned to a part."""

    @dg.asset(
        **common(contract, "splits"),
        ins={"clean_sales": every_sale(contract, "clean_sales")},
        kinds={contract.engine.name, "parquet"},
        io_manager_key=stored(contract),
        metadata={"dagster/column_schema": split_schema(contract)},
    )
    def asset(context: dg.AssetExecutionContext, clean_sales: Any, folders: Folders) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """The part of each sale: training, calibration or holdout. Sales of one property stay together."""
        split_in = _in_memory if contract.engine.in_memory else _in_files
        parted = split_in(clean_sales, contract, folders, context.log.info)
        rows = sum(parted.parts.values())
        newest = table(("month", *PARTS), parted.months[:MOST_MONTHS])
        return dg.MaterializeResult(
            value=parted.sales,
            metadata={
                "dagster/row_count": rows,
                "split_by": contract.split.by,
                **parted.parts,
                "before_the_first_month": parted.kept - rows,
                **({"newest_months": newest} if parted.months else {}),
            },
        )

    return asset


@dataclass(frozen=True, kw_only=True)
class _Parted:
    sales: pd.DataFrame | Path
    parts: Mapping[str, int]
    months: Sequence[tuple[object, ...]]
    kept: int


def _in_memory(sales: pd.DataFrame, contract: Contract, folders: Folders, tell: Tell) -> _Parted:  # noqa: ARG001
    parted = split.split(sales, contract)
    counts = split.counts(parted)
    parted.attrs = {**sales.attrs, "parts": counts}
    return _Parted(sales=parted, parts=counts, months=split.by_month(parted), kept=len(sales))


def _in_files(sales: Path, contract: Contract, folders: Folders, tell: Tell) -> _Parted:
    with (
        folders.work(contract.name, "splits") as folder,
        beyond_memory.started(contract.engine, folder) as engine,
    ):
        found = beyond_memory.split(engine, sales, contract, folder, tell)
    return _Parted(sales=found.sales, parts=found.parts, months=found.months, kept=found.kept)
