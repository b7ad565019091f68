"""The raw_sales asset."""

import hashlib

import dagster as dg
import pandas as pd

from house_prices import sources
from house_prices.contract.schema import Contract
from house_prices.errors import SourceError, SourceUnavailable
from house_prices.orchestration.assets.metadata import common, key, raw_schema, stored, table
from house_prices.orchestration.resources import Folders
from house_prices.progress import Tell
from house_prices.sales import beyond_memory, read
from house_prices.sources.delivery import Delivery

MANY = 5_000_000
"""Sales from which on pandas takes more memory than a laptop has."""
BEYOND_MEMORY = 'With [engine] name = "duckdb" in the contract they are cleaned and split in files.'


def raw_sales(contract: Contract) -> dg.AssetsDefinition:
    """The first asset of a market: its files, as they are."""

    @dg.asset(
        **common(contract, "raw_sales"),
        deps=[key(contract, "source")],
        kinds={"pandas"},
        io_manager_key=stored(contract),
        retry_policy=dg.RetryPolicy(max_retries=2, delay=5),
        metadata={"dagster/column_schema": raw_schema(contract)},
    )
    def asset(context: dg.AssetExecutionContext, folders: Folders) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """Every sale of the market's source, as it was written."""
        try:
            with sources.delivered(contract, folders.market(contract.name)) as delivery:
                raw = _read(delivery, contract, folders, context.log.info)
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
        rows = sum(file.rows for file in raw.files)
        version = {"dagster/data_version": digest(checksums)}
        context.log_event(dg.AssetObservation(key(contract, "source"), tags=version))
        if isinstance(raw.sales, pd.DataFrame):
            raw.sales.attrs = {"files": checksums, "read": rows}
            if rows > MANY:
                context.log.warning(f"{rows} sales are held in memory. {BEYOND_MEMORY}")
        return dg.MaterializeResult(
            value=raw.sales,
            data_version=dg.DataVersion(digest(checksums)),
            metadata={
                "dagster/row_count": rows,
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


def _read(
    delivery: Delivery, contract: Contract, folders: Folders, tell: Tell
) -> read.RawSales | beyond_memory.Raw:
    if contract.engine.in_memory:
        return read.read(delivery.files, contract, tell)
    with folders.work(contract.name, "raw_sales") as folder:
        return beyond_memory.read(delivery.files, contract, folder, tell, delivery.checksums)


def digest(checksums: dict[str, str]) -> str:
    """One sha256 for all files: their names and contents."""
    text = "".join(f"{name} {checksum}\n" for name, checksum in sorted(checksums.items()))
    return hashlib.sha256(text.encode()).hexdigest()
