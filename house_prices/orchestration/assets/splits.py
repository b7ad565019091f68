"""The splits asset."""

import dagster as dg
import pandas as pd

from house_prices.contract.schema import Contract
from house_prices.orchestration.assets.metadata import PARQUET, common, key, split_schema, table
from house_prices.sales import split
from house_prices.sales.columns import PARTS

MOST_MONTHS = 60
"""Shown in Dagster's UI."""


def splits(contract: Contract) -> dg.AssetsDefinition:
    """Clean sales, each assigned to a part."""

    @dg.asset(
        **common(contract, "splits"),
        ins={"clean_sales": dg.AssetIn(key(contract, "clean_sales"))},
        kinds={"pandas", "parquet"},
        io_manager_key=PARQUET,
        metadata={"dagster/column_schema": split_schema(contract)},
    )
    def asset(clean_sales: pd.DataFrame) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """The part of each sale: training, calibration or holdout. Sales of one property stay together."""
        parted = split.split(clean_sales, contract)
        counts = split.counts(parted)
        parted.attrs = {**clean_sales.attrs, "parts": counts}
        return dg.MaterializeResult(
            value=parted,
            metadata={
                "dagster/row_count": len(parted),
                "split_by": contract.split.by,
                **counts,
                "before_the_first_month": len(clean_sales) - len(parted),
                **_by_month(parted),
            },
        )

    return asset


def _by_month(parted: pd.DataFrame) -> dict[str, dg.MetadataValue]:
    """The newest months, if sales have dates."""
    months = split.by_month(parted)[:MOST_MONTHS]
    return {"newest_months": table(("month", *PARTS), months)} if months else {}
