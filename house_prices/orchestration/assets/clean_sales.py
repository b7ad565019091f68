"""The clean_sales asset."""

import os
from pathlib import Path

import dagster as dg
import pandas as pd

from house_prices import stores
from house_prices.contract.schema import Contract
from house_prices.errors import StoreError
from house_prices.orchestration import plots
from house_prices.orchestration.assets.metadata import (
    PARQUET,
    clean_lineage,
    clean_schema,
    common,
    key,
    picture,
    table,
)
from house_prices.orchestration.resources import Folders
from house_prices.sales import clean, spreadsheet


def clean_sales(contract: Contract) -> dg.AssetsDefinition:
    """The sales that the contract allows; the others go to the market's rejects file."""

    @dg.asset(
        **common(contract, "clean_sales"),
        ins={"raw_sales": dg.AssetIn(key(contract, "raw_sales"))},
        kinds={"narwhals", "parquet"},
        io_manager_key=PARQUET,
        metadata={
            "dagster/column_schema": clean_schema(contract),
            "dagster/column_lineage": clean_lineage(contract),
        },
    )
    def asset(
        context: dg.AssetExecutionContext, raw_sales: pd.DataFrame, folders: Folders
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """Sales within the contract, typed; outliers and duplicates removed where it says so."""
        cleaned = clean.clean(raw_sales, contract, context.log.info)
        reasons = clean.count_by_reason(cleaned.rejects)
        path = folders.rejects(contract.name)
        _write(cleaned.rejects, path)
        _copy(path, contract, context)
        clean.check_kept(cleaned.sales, reasons, contract, where=str(path))
        cleaned.sales.attrs = {**raw_sales.attrs, "kept": len(cleaned.sales), "rejected": reasons}
        prices = cleaned.sales[contract.target.name].to_numpy(dtype="float64")
        return dg.MaterializeResult(
            value=cleaned.sales,
            metadata={
                "dagster/row_count": len(cleaned.sales),
                "read": len(raw_sales),
                "rejected": len(cleaned.rejects),
                "rejects_by_reason": table(("reason", "sales"), reasons.items()),
                "rejects_file": dg.MetadataValue.path(str(path)),
                "price_distribution": picture(plots.price_distribution(prices, contract.target.unit)),
            },
        )

    return asset


def _copy(path: Path, contract: Contract, context: dg.AssetExecutionContext) -> None:
    """To where the contract wants the rejects, too. That nobody can read them there stops no training."""
    if contract.source.rejects:
        try:
            stores.at(contract.source.rejects).write(path.name, path.read_bytes())
        except (StoreError, OSError) as error:
            context.log.warning(f"The rejects are in {path} alone: {error}")


def _write(rejects: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    as_text = rejects.map(spreadsheet.text).rename(columns=spreadsheet.text)
    as_text.to_csv(beside, index=False)
    os.replace(beside, path)
