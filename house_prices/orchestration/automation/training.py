"""The training job, and the schedule that runs it every night."""

import dagster as dg

from house_prices import sources
from house_prices.contract.schema import Contract
from house_prices.orchestration import assets, database
from house_prices.orchestration.assets.metadata import key
from house_prices.orchestration.automation import last_read
from house_prices.orchestration.resources import Folders

RETRY = "dagster/retry_on_asset_or_op_failure"
NIGHTLY = "0 3 * * *"
"""At three in the morning, UTC."""


def name(contract: Contract) -> str:
    """The training job's name."""
    return f"{contract.name}_training"


def of_market(contract: Contract) -> dg.Definitions:
    """Everything from the raw sales to a judged candidate, with every check; and every night."""
    trained = [build.__name__ for build in assets.FLOW if build not in assets.EXTERNAL]
    job = dg.define_asset_job(
        name(contract),
        selection=dg.AssetSelection.assets(*(key(contract, asset) for asset in trained)),
        tags={"market": contract.name},
        description=f"Everything from the raw sales of {contract.title} to a judged candidate.",
        hooks={retry_after_outage},
    )
    return dg.Definitions(jobs=[job], schedules=[_nightly(contract)])


def _nightly(contract: Contract) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"{contract.name}_daily",
        job_name=name(contract),
        cron_schedule=NIGHTLY,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Trains every night, unless nothing has changed since the last training.",
    )
    def nightly(context: dg.ScheduleEvaluationContext, folders: Folders) -> dg.RunRequest | dg.SkipReason:
        last = last_read.of(context.instance, contract)
        if last and last.complete and sources.stamp(contract, folders.market(contract.name)) == last.stamp:
            return dg.SkipReason("Neither the source nor the contract has changed since the last training.")
        return dg.RunRequest()

    return nightly


@dg.failure_hook
def retry_after_outage(context: dg.HookContext) -> None:
    """Lets Dagster retry a run whose step failed because its records could not be reached, and no other.

    Whatever else a step fails of, such as bad sales, would make it fail again.
    """
    if database.is_away(context.op_exception):
        context.instance.add_run_tags(context.run_id, {RETRY: "true"})
