"""The raw_sales asset."""

import hashlib

import dagster as dg

from house_prices.assets.metadata import OWNERS, PARQUET, key, raw_schema, table
from house_prices.contract import Contract
from house_prices.resources import Folders
from house_prices.steps import source


def raw_sales(contract: Contract) -> dg.AssetsDefinition:
    """The first asset of a market: its files, as they are."""

    @dg.asset(
        key=key(contract, "raw_sales"),
        group_name=contract.name,
        kinds={"csv", "pandas"},
        owners=OWNERS,
        io_manager_key=PARQUET,
        metadata={"dagster/column_schema": raw_schema(contract)},
    )
    def asset(context: dg.AssetExecutionContext, folders: Folders) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """Every sale in the market's raw files, as it was written."""
        raw = source.read(source.paths(folders.raw(contract.name)), contract)
        for file in raw.files:
            context.log.info(f"{file.name}: {file.rows} sales")
            if file.ignored:
                context.log.warning(f"{file.name}: columns ignored: {', '.join(file.ignored)}")
        checksums = {file.name: file.sha256 for file in raw.files}
        raw.sales.attrs = {"files": checksums, "read": len(raw.sales)}
        return dg.MaterializeResult(
            value=raw.sales,
            data_version=dg.DataVersion(digest(checksums)),
            metadata={
                "dagster/row_count": len(raw.sales),
                "digest": digest(checksums),
                "files": table(("file", "sha256"), checksums),
                "ignored_columns": ", ".join(sorted({c for file in raw.files for c in file.ignored}))
                or "none",
            },
        )

    return asset


def digest(checksums: dict[str, str]) -> str:
    """One sha256 for all files: their names and contents."""
    text = "".join(f"{name} {checksum}\n" for name, checksum in sorted(checksums.items()))
    return hashlib.sha256(text.encode()).hexdigest()
