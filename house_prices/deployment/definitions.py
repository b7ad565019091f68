"""The code location `deployment`: the deployment as an asset, its job, and a sensor for new sources."""

import os
from pathlib import Path

import dagster as dg

from house_prices.deployment import rollout, sources
from house_prices.errors import DeploymentError

KEY = dg.AssetKey("deployment")


class Project(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The folder with docker-compose.yml, at its path on the host."""

    folder: str

    @property
    def path(self) -> Path:
        """The folder. Raises DeploymentError if it is not set."""
        if not self.folder:
            raise DeploymentError("HOUSE_PRICES_SOURCES is not set: docker-compose.yml sets it.")
        return Path(self.folder)


@dg.asset(key=KEY, group_name="deployment", kinds={"docker"}, pool="deployment")
def deployment(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The running images: built if the sources changed, one service at a time, rolled back if one fails."""
    try:
        deployed = rollout.deploy(project.path, context.log.info)
    except DeploymentError as fault:
        raise dg.Failure(str(fault), metadata={"tag": sources.tag(project.path)}) from fault
    services = "\n".join(f"| {service} | {seconds:.1f} |" for service, seconds in deployed.seconds.items())
    return dg.MaterializeResult(
        data_version=dg.DataVersion(deployed.tag),
        metadata={
            "tag": deployed.tag,
            "before": deployed.before,
            "built": deployed.built,
            "services": dg.MetadataValue.md(f"| service | healthy after, s |\n| --- | --- |\n{services}"),
            **{image.partition(":")[0]: digest for image, digest in deployed.digests.items()},
        },
    )


deployment_job = dg.define_asset_job("deployment_job", selection=[KEY], description=deployment.op.description)


@dg.sensor(job=deployment_job, minimum_interval_seconds=60)
def sources_sensor(context: dg.SensorEvaluationContext, project: Project) -> dg.SensorResult:
    """Deploys sources once they have changed and then stayed the same for a tick. Off until started."""
    tag = sources.tag(project.path)
    latest = context.instance.get_latest_materialization_event(KEY)
    metadata = latest.asset_materialization.metadata if latest and latest.asset_materialization else {}
    if metadata and metadata["tag"].value == tag:
        return dg.SensorResult(skip_reason=f"{tag} runs.", cursor=tag)
    if context.cursor != tag:
        return dg.SensorResult(skip_reason=f"{tag} is new; the next tick deploys it if it stays.", cursor=tag)
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=tag)], cursor=tag)


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster's commands load."""
    return dg.Definitions(
        assets=[deployment],
        jobs=[deployment_job],
        sensors=[sources_sensor],
        resources={"project": Project(folder=os.environ.get("HOUSE_PRICES_SOURCES", ""))},
        executor=dg.in_process_executor,
    )
