"""The clean_sales asset."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from house_prices import stores
from house_prices.contract.schema import Contract
from house_prices.errors import StoreError
from house_prices.orchestration import plots
from house_prices.orchestration.assets.metadata import (
    clean_lineage,
    clean_schema,
    common,
    every_sale,
    picture,
    stored,
    table,
)
from house_prices.orchestration.resources import Folders
from house_prices.progress import Tell
from house_prices.sales import beyond_memory, clean, spreadsheet


def clean_sales(contract: Contract) -> dg.AssetsDefinition:
    """The sales that the contract allows; the others go to the market's rejects file."""

    @dg.asset(
        **common(contract, "clean_sales"),
        ins={"raw_sales": every_sale(contract, "raw_sales")},
        kinds={contract.engine.name, "parquet"},
        io_manager_key=stored(contract),
        metadata={
            "dagster/column_schema": clean_schema(contract),
            "dagster/column_lineage": clean_lineage(contract),
        },
    )
    def asset(context: dg.AssetExecutionContext, raw_sales: Any, folders: Folders) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """Sales within the contract, typed; outliers and duplicates removed where it says so."""
        clean_in = _in_memory if contract.engine.in_memory else _in_files
        cleaned = clean_in(raw_sales, contract, folders, context.log.info)
        path = folders.rejects(contract.name)
        _write(cleaned.rejects, path)
        _copy(path, contract, context)
        clean.check_kept(cleaned.kept, cleaned.reasons, contract, where=str(path))
        rejected = sum(cleaned.reasons.values())
        return dg.MaterializeResult(
            value=cleaned.sales,
            metadata={
                "dagster/row_count": cleaned.kept,
                "read": cleaned.kept + rejected,
                "rejected": rejected,
                "rejects_by_reason": table(("reason", "sales"), cleaned.reasons.items()),
                "rejects_file": dg.MetadataValue.path(str(path)),
                "price_distribution": picture(plots.price_distribution(cleaned.prices, contract.target.unit)),
            },
        )

    return asset


@dataclass(frozen=True, kw_only=True)
class _Cleaned:
    sales: pd.DataFrame | Path
    rejects: Iterable[pd.DataFrame]
    kept: int
    reasons: Mapping[str, int]
    prices: NDArray[np.float64]
    """Of the sales, or of a sample."""


def _in_memory(raw: pd.DataFrame, contract: Contract, folders: Folders, tell: Tell) -> _Cleaned:  # noqa: ARG001
    cleaned = clean.clean(raw, contract, tell)
    reasons, kept = clean.count_by_reason(cleaned.rejects), len(cleaned.sales)
    cleaned.sales.attrs = {**raw.attrs, "kept": kept, "rejected": reasons}
    prices = cleaned.sales[contract.target.name].to_numpy(dtype="float64")
    return _Cleaned(sales=cleaned.sales, rejects=[cleaned.rejects], kept=kept, reasons=reasons, prices=prices)


def _in_files(raw: Path, contract: Contract, folders: Folders, tell: Tell) -> _Cleaned:
    with (
        folders.work(contract.name, "clean_sales") as folder,
        beyond_memory.started(contract.engine, folder) as engine,
    ):
        cleaned = beyond_memory.clean(engine, raw, contract, folder, tell)
    prices = beyond_memory.sample(cleaned.sales)[contract.target.name].to_numpy(dtype="float64")
    return _Cleaned(
        sales=cleaned.sales,
        rejects=beyond_memory.rejects(cleaned.rejects, contract),
        kept=cleaned.kept,
        reasons=cleaned.reasons,
        prices=prices,
    )


def _copy(path: Path, contract: Contract, context: dg.AssetExecutionContext) -> None:
    """To where the contract wants the rejects, too. That nobody can read them there stops no training."""
    if contract.source.rejects:
        try:
            stores.at(contract.source.rejects).write(path.name, path.read_bytes())
        except (StoreError, OSError) as error:
            context.log.warning(f"The rejects are in {path} alone: {error}")


def _write(rejects: Iterable[pd.DataFrame], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    with beside.open("w", encoding="utf-8", newline="") as file:
        for number, frame in enumerate(rejects):
            as_text = frame.map(spreadsheet.text).rename(columns=spreadsheet.text)
            as_text.to_csv(file, index=False, header=number == 0)
    os.replace(beside, path)
