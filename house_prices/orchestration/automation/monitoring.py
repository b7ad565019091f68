"""The jobs that watch the champion, and when they run."""

import dagster as dg

from house_prices.contract.schema import Contract
from house_prices.orchestration.assets.metadata import key
from house_prices.orchestration.resources import Folders

HOURLY = "10 * * * *"
"""Ten minutes past the hour."""


def of_market(contract: Contract) -> dg.Definitions:
    """Moving the prediction log every hour."""
    moving = dg.define_asset_job(
        f"{contract.name}_served_predictions",
        selection=dg.AssetSelection.assets(key(contract, "served_predictions")),
        tags={"market": contract.name},
        description=f"Moves what the servers have logged of {contract.title} to Parquet.",
    )

    @dg.schedule(
        name=f"{contract.name}_served_predictions_hourly",
        job=moving,
        cron_schedule=HOURLY,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Moves closed files of the prediction log, if there are any, to the day that it is.",
    )
    def hourly(context: dg.ScheduleEvaluationContext, folders: Folders) -> dg.RunRequest | dg.SkipReason:
        log = folders.predictions(contract.name)
        if not any(log.glob("*.jsonl")):
            return dg.SkipReason(f"{log} holds no file.")
        return dg.RunRequest(partition_key=context.scheduled_execution_time.strftime("%Y-%m-%d"))

    return dg.Definitions(jobs=[moving], schedules=[hourly])
