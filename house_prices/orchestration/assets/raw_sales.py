"""The raw_sales asset."""

import hashlib

import dagster as dg

from house_prices.contract.schema import Contract
from house_prices.errors import SourceError
from house_prices.orchestration.assets.metadata import PARQUET, common, raw_schema, table
from house_prices.orchestration.resources import Folders
from house_prices.sales import files, read


def raw_sales(contract: Contract) -> dg.AssetsDefinition:
    """The first asset of a market: its files, as they are."""

    @dg.asset(
        **common(contract, "raw_sales"),
        kinds={"csv", "pandas"},
        io_manager_key=PARQUET,
        retry_policy=dg.RetryPolicy(max_retries=2, delay=5),
        metadata={"dagster/column_schema": raw_schema(contract)},
    )
    def asset(context: dg.AssetExecutionContext, folders: Folders) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """Every sale in the market's raw files, as it was written."""
        found = files.find(folders.raw(contract.name))
        for name, why in found.left:
            context.log.warning(f"{name}: left alone, {why}")
        try:
            raw = read.read(found.sales, contract)
        except SourceError as error:  # the disk may recover by itself, the file will not
            raise dg.Failure(str(error), allow_retries=False) from error
        for file in raw.files:
            context.log.info(f"{file.name}: {file.rows} sales")
            if file.above:
                context.log.warning(f"{file.name}: lines above the header: {'; '.join(file.above)}")
            if file.ignored:
                context.log.warning(f"{file.name}: columns ignored: {', '.join(file.ignored)}")
        ignored = sorted({column for file in raw.files for column in file.ignored})
        checksums = {file.name: file.sha256 for file in raw.files}
        raw.sales.attrs = {"files": checksums, "read": len(raw.sales)}
        return dg.MaterializeResult(
            value=raw.sales,
            data_version=dg.DataVersion(digest(checksums)),
            metadata={
                "dagster/row_count": len(raw.sales),
                "digest": digest(checksums),
                "files": table(
                    ("file", "sales", "sha256"), [(file.name, file.rows, file.sha256) for file in raw.files]
                ),
                "ignored_columns": ", ".join(ignored) or "none",
                "left_alone": "; ".join(f"{name}: {why}" for name, why in found.left) or "none",
            },
        )

    return asset


def digest(checksums: dict[str, str]) -> str:
    """One sha256 for all files: their names and contents."""
    text = "".join(f"{name} {checksum}\n" for name, checksum in sorted(checksums.items()))
    return hashlib.sha256(text.encode()).hexdigest()
