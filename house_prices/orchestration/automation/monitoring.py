"""The jobs that watch the champion, and when they run."""

import dagster as dg

from house_prices.contract.schema import Contract
from house_prices.orchestration.assets.metadata import key
from house_prices.orchestration.resources import Folders

HOURLY = "10 * * * *"
"""Ten minutes past the hour."""
DAILY = "0 5 * * *"
"""Two hours after the nightly training began, UTC."""
WATCHED = ("realised_sales", "served_drift")
"""What tells how the champion does."""


def of_market(contract: Contract) -> dg.Definitions:
    """Moving the prediction log every hour, and looking at the champion every day."""
    moving = dg.define_asset_job(
        f"{contract.name}_served_predictions",
        selection=dg.AssetSelection.assets(key(contract, "served_predictions")),
        tags={"market": contract.name},
        description=f"Moves what the servers have logged of {contract.title} to Parquet.",
    )
    watching = dg.define_asset_job(
        f"{contract.name}_monitoring",
        selection=dg.AssetSelection.assets(*(key(contract, name) for name in WATCHED)),
        tags={"market": contract.name},
        description=f"How the champion of {contract.title} does on sales since, and on houses served.",
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

    @dg.schedule(
        name=f"{contract.name}_monitoring_daily",
        job=watching,
        cron_schedule=DAILY,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Looks at the champion once a day, if anything has been served.",
    )
    def daily(folders: Folders) -> dg.RunRequest | dg.SkipReason:
        served = folders.served(contract.name)
        if not any(served.glob("day=*")):
            return dg.SkipReason(f"{served} holds no predictions yet.")
        return dg.RunRequest()

    return dg.Definitions(jobs=[moving, watching], schedules=[hourly, daily])
