"""The raw_sales asset."""

import hashlib

import dagster as dg

from house_prices import sources
from house_prices.contract.schema import Contract
from house_prices.errors import SourceError, SourceUnavailable
from house_prices.orchestration.assets.metadata import PARQUET, common, key, raw_schema, table
from house_prices.orchestration.resources import Folders
from house_prices.sales import read


def raw_sales(contract: Contract) -> dg.AssetsDefinition:
    """The first asset of a market: its files, as they are."""

    @dg.asset(
        **common(contract, "raw_sales"),
        deps=[key(contract, "source")],
        kinds={"pandas"},
        io_manager_key=PARQUET,
        retry_policy=dg.RetryPolicy(max_retries=2, delay=5),
        metadata={"dagster/column_schema": raw_schema(contract)},
    )
    def asset(context: dg.AssetExecutionContext, folders: Folders) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """Every sale of the market's source, as it was written."""
        try:
            with sources.delivered(contract, folders.market(contract.name)) as delivery:
                raw = read.read(delivery.files, contract, context.log.info)
        except SourceUnavailable as error:
            raise dg.Failure(str(error)) from error
        except SourceError as error:  # the disk may recover by itself, the file will not
            raise dg.Failure(str(error), allow_retries=False) from error
        for name, why in delivery.left:
            context.log.warning(f"{name}: left alone, {why}")
        for file in raw.files:
            context.log.info(f"{file.name}: {file.rows} sales")
            if file.above:
                context.log.warning(f"{file.name}: lines above the header: {'; '.join(file.above)}")
            if file.ignored:
                context.log.warning(f"{file.name}: columns ignored: {', '.join(file.ignored)}")
        ignored = sorted({column for file in raw.files for column in file.ignored})
        checksums = {file.name: delivery.checksums.get(file.name, file.sha256) for file in raw.files}
        version = {"dagster/data_version": digest(checksums)}
        context.log_event(dg.AssetObservation(key(contract, "source"), tags=version))
        raw.sales.attrs = {"files": checksums, "read": len(raw.sales)}
        return dg.MaterializeResult(
            value=raw.sales,
            data_version=dg.DataVersion(digest(checksums)),
            metadata={
                "dagster/row_count": len(raw.sales),
                "digest": digest(checksums),
                "source": sources.address(contract, folders.market(contract.name)),
                "source_stamp": delivery.stamp,
                "files": table(
                    ("file", "sales", "sha256"),
                    [(file.name, file.rows, checksums[file.name]) for file in raw.files],
                ),
                "ignored_columns": ", ".join(ignored) or "none",
                "left_alone": "; ".join(f"{name}: {why}" for name, why in delivery.left) or "none",
            },
        )

    return asset


def digest(checksums: dict[str, str]) -> str:
    """One sha256 for all files: their names and contents."""
    text = "".join(f"{name} {checksum}\n" for name, checksum in sorted(checksums.items()))
    return hashlib.sha256(text.encode()).hexdigest()
