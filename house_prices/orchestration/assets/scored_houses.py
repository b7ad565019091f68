"""The scored_houses asset."""

import dagster as dg

from house_prices import stores
from house_prices.contract.schema import Contract
from house_prices.monitoring import batch
from house_prices.orchestration.assets.metadata import common, key
from house_prices.orchestration.assets.raw_sales import digest
from house_prices.orchestration.resources import Folders
from house_prices.sales import files


def scored_houses(contract: Contract) -> dg.AssetsDefinition:
    """The houses in the market's folder, priced by the champion."""

    @dg.asset(
        **common(contract, "scored_houses"), deps=[key(contract, "champion")], kinds={"onnx", "parquet"}
    )
    def asset(context: dg.AssetExecutionContext, folders: Folders) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """Every house in `data/<market>/houses/` with the champion's price, interval and warnings.

        Each state of the files and each champion has a folder of its own; a killed run goes on there.
        """
        folder = folders.houses(contract.name)
        found = files.find(folder)
        for name, why in found.left:
            context.log.warning(f"{name}: left alone, {why}")
        if not found.sales:
            raise dg.Failure(
                f"{folder} holds no table. Put a CSV, Parquet or Excel file of houses there.",
                allow_retries=False,
            )
        champion = folders.registry.resolve(contract.name)
        checksum = digest(files.checksums(found.sales))
        out = folders.scored(contract.name) / f"version-{champion.number}-{checksum[:12]}"
        scored = batch.score(
            folders.registry, contract.name, found.sales, stores.Folder(out), champion.number
        )
        return dg.MaterializeResult(
            data_version=dg.DataVersion(f"{scored.sha256}-{checksum}"),
            metadata={
                "dagster/row_count": scored.rows,
                "version": scored.version,
                "refused": scored.refused,
                "with_warnings": scored.with_warnings,
                **({"mean_price": scored.mean_price} if scored.mean_price is not None else {}),
                "folder": dg.MetadataValue.path(str(out)),
            },
        )

    return asset
