"""The served_predictions asset."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from house_prices.contract.schema import Contract
from house_prices.monitoring import moving, served
from house_prices.orchestration.assets.metadata import common, key, table
from house_prices.orchestration.resources import Folders

FIRST_DAY = "2026-01-01"
"""Before the first release; only a clock that is wrong gives earlier days."""
DAILY = dg.DailyPartitionsDefinition(start_date=FIRST_DAY, end_offset=1)
"""Days in UTC, up to today."""


def served_predictions(contract: Contract) -> dg.AssetsDefinition:
    """What the inference servers answered, by day."""
    asset_key = key(contract, "served_predictions")

    @dg.asset(
        **common(contract, "served_predictions"),
        deps=[key(contract, "champion")],
        partitions_def=DAILY,
        kinds={"parquet"},
    )
    def asset(context: dg.AssetExecutionContext, folders: Folders) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """Every house that was priced, with its price, moved here from the prediction log.

        Whichever day is materialized, all closed files of the log are moved, each to the days of its lines.
        """
        to, day = folders.served(contract.name), context.partition_key
        moved = moving.move(folders.predictions(contract.name), to)
        removed = moving.prune(to, contract.monitoring.keep_days, datetime.now(UTC).date())
        if moved.unread:
            context.log.warning(f"{moved.unread} lines are no requests; see {to / moving.UNREAD}")
        for other in sorted({there for there, _ in moved.rows} - {day, *removed}):
            if FIRST_DAY <= other <= datetime.now(UTC).date().isoformat():
                facts = {"dagster/partition_row_count": _rows(to, other).total()}
                context.log_event(dg.AssetMaterialization(asset_key, partition=other, metadata=facts))
        by_version = _rows(to, day)
        return dg.MaterializeResult(
            metadata={
                "dagster/partition_row_count": by_version.total(),
                "houses": table(("version", "houses"), sorted(by_version.items())),
                "files_moved": moved.files,
                "houses_moved": moved.rows.total(),
                "lines_unread": moved.unread,
                "days_removed": ", ".join(removed) or "none",
                "folder": dg.MetadataValue.path(str(to)),
            }
        )

    return asset


def _rows(folder: Path, day: str) -> Counter[int]:
    """Houses of a day by version."""
    return served.rows([file for file in served.files(folder, since=day) if file.day == day])
