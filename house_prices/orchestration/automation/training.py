"""The training job, and the schedule that runs it every night."""

import dagster as dg

from house_prices.contract.schema import Contract
from house_prices.orchestration import assets
from house_prices.orchestration.assets.metadata import key

NIGHTLY = "0 3 * * *"
"""At three in the morning, UTC."""


def name(contract: Contract) -> str:
    """The training job's name."""
    return f"{contract.name}_training"


def of_market(contract: Contract) -> dg.Definitions:
    """Everything from the raw sales to a judged candidate, with every check; and every night."""
    trained = [build.__name__ for build in assets.FLOW if build is not assets.champion]
    job = dg.define_asset_job(
        name(contract),
        selection=dg.AssetSelection.assets(*(key(contract, asset) for asset in trained)),
        tags={"market": contract.name},
        description=f"Everything from the raw sales of {contract.title} to a judged candidate.",
    )
    nightly = dg.ScheduleDefinition(
        name=f"{contract.name}_daily",
        job=job,
        cron_schedule=NIGHTLY,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Trains every night, so that the champion never falls behind the sales.",
    )
    return dg.Definitions(jobs=[job], schedules=[nightly])
