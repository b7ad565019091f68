"""What happens by itself: a daily training, a training when raw files change, a promotion when one passed."""

import dagster as dg

from house_prices import assets
from house_prices.assets.metadata import key
from house_prices.assets.raw_sales import digest
from house_prices.contract import Contract
from house_prices.errors import PromotionRefused, RegistryError
from house_prices.resources import Folders
from house_prices.steps import gate, source

DAILY = "0 3 * * *"
PROMOTION_INTERVAL_S = 5
RAW_FILES_INTERVAL_S = 15


def of_market(contract: Contract) -> dg.Definitions:
    """One market's jobs, schedule and sensors."""
    trained = [build.__name__ for build in assets.FLOW if build is not assets.champion]
    training = dg.define_asset_job(
        _training(contract),
        selection=dg.AssetSelection.assets(*(key(contract, name) for name in trained)),
        description=f"Everything from the raw sales of {contract.title} to a judged candidate.",
    )
    daily = dg.ScheduleDefinition(
        name=f"{contract.name}_daily",
        job=training,
        cron_schedule=DAILY,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Trains every night, so that the champion never falls behind the sales.",
    )
    return dg.Definitions(
        jobs=[training, promotion_job(contract)],
        schedules=[daily],
        sensors=[promotion_sensor(contract), raw_files_sensor(contract)],
    )


def _training(contract: Contract) -> str:
    return f"{contract.name}_training"


def _promotion(contract: Contract) -> str:
    return f"{contract.name}_promotion"


def promote_op(contract: Contract) -> str:
    """The op that a promotion's run config speaks to."""
    return f"promote_{contract.name}"


class Promotion(dg.Config):
    """The version to promote, as it was judged."""

    version: int
    sha256: str
    reason: str


def promotion_job(contract: Contract) -> dg.JobDefinition:
    """Makes one exact version the champion."""

    @dg.op(name=promote_op(contract), retry_policy=dg.RetryPolicy(max_retries=3, delay=2))
    def promote(context: dg.OpExecutionContext, config: Promotion, folders: Folders) -> None:
        by = context.run.tags.get("dagster/sensor_name", "a run started by hand")
        try:
            champion = folders.registry.promote(
                contract.name, config.version, sha256=config.sha256, by=by, reason=config.reason
            )
        except PromotionRefused as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        context.log_event(
            dg.AssetMaterialization(
                key(contract, "champion"),
                metadata={
                    "version": champion.version,
                    "sha256": champion.sha256,
                    "reason": champion.reason,
                    "previous": champion.previous or 0,
                },
            )
        )

    @dg.job(name=_promotion(contract), description=f"Promotes a judged version of {contract.title}.")
    def promotion() -> None:
        promote()

    return promotion


def promotion_sensor(contract: Contract) -> dg.SensorDefinition:
    """Promotes the newest candidate once every rule of the gate has passed it.

    It reads records instead of waiting for events: a tick between a materialization and its checks only
    skips, and the candidate is looked at again.
    """

    @dg.sensor(
        name=f"{contract.name}_promotion_sensor",
        job_name=_promotion(contract),
        minimum_interval_seconds=PROMOTION_INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def sensor(context: dg.SensorEvaluationContext, folders: Folders) -> dg.SensorResult:
        instance = context.instance
        records = instance.fetch_materializations(key(contract, "metrics"), limit=1).records
        if not records:
            return dg.SensorResult(skip_reason="No candidate has been evaluated yet.")
        candidate = _Candidate(records[0])
        judged = str(candidate.storage_id)
        if context.cursor == judged:
            return dg.SensorResult(skip_reason=f"Version {candidate.version} has been decided on.")
        broken = []
        for rule in gate.RULES:
            found = _ruling(instance, dg.AssetCheckKey(key(contract, "metrics"), rule), candidate)
            if isinstance(found, _Pending):
                return dg.SensorResult(skip_reason=f"Version {candidate.version}: {rule} {found}.")
            broken += [f"{rule}: {found}"] if found else []
        broken += _changed(folders, contract, candidate)
        if broken:
            why = f"Version {candidate.version} is rejected. {' '.join(broken)}"
            return dg.SensorResult(skip_reason=why, cursor=judged)
        config = Promotion(
            version=candidate.version, sha256=candidate.sha256, reason="passed every rule of the gate"
        )
        request = dg.RunRequest(
            run_key=f"promote-{candidate.sha256}-{judged}",
            run_config=dg.RunConfig(ops={promote_op(contract): config}),
            tags={"version": str(candidate.version)},
        )
        return dg.SensorResult(run_requests=[request], cursor=judged)

    return sensor


class _Candidate:
    """The newest materialization of metrics."""

    def __init__(self, record: dg.EventLogRecord) -> None:
        assert record.asset_materialization is not None  # noqa: S101  # fetch_materializations gives no other
        metadata = record.asset_materialization.metadata
        self.storage_id = record.storage_id
        self.run_id = record.run_id
        self.version = int(str(metadata["version"].value))
        self.sha256 = str(metadata["sha256"].value)


class _Pending(str):
    """Why a rule has not answered yet."""


def _ruling(instance: dg.DagsterInstance, check: dg.AssetCheckKey, candidate: _Candidate) -> str:
    """Empty where the rule passed the candidate, else why not; `_Pending` where it has not answered."""
    record = instance.event_log_storage.get_latest_asset_check_execution_by_key([check]).get(check)
    evaluation = record.event and record.event.asset_check_evaluation if record else None
    if record and evaluation is None:
        run = instance.get_run_by_id(record.run_id)
        crashed = run is not None and run.is_finished and record.run_id == candidate.run_id
        return "the check crashed; see its run." if crashed else _Pending("is being checked")
    target = evaluation.target_materialization_data if evaluation else None
    if evaluation is None or target is None or target.storage_id != candidate.storage_id:
        return _Pending("has not been checked for this candidate")
    if evaluation.passed:
        return ""
    return evaluation.description or "the check failed."


def _changed(folders: Folders, contract: Contract, candidate: _Candidate) -> list[str]:
    try:
        version = folders.registry.version(contract.name, candidate.version)
        version.check()
    except RegistryError as error:
        return [str(error)]
    if version.manifest.sha256 != candidate.sha256:
        return ["Its files have changed since they were judged."]
    return []


def raw_files_sensor(contract: Contract) -> dg.SensorDefinition:
    """Trains when a raw file is new, gone or changed since the last training read them."""

    @dg.sensor(
        name=f"{contract.name}_raw_files_sensor",
        job_name=_training(contract),
        minimum_interval_seconds=RAW_FILES_INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def sensor(context: dg.SensorEvaluationContext, folders: Folders) -> dg.SensorResult:
        files = source.paths(folders.raw(contract.name))
        if not files:
            return dg.SensorResult(skip_reason=f"{folders.raw(contract.name)} holds no file.")
        stamp = " ".join(f"{path.name}:{path.stat().st_size}:{path.stat().st_mtime_ns}" for path in files)
        if stamp == context.cursor:
            return dg.SensorResult(skip_reason="The files are as they were.")
        found = digest(source.checksums(files))
        records = context.instance.fetch_materializations(key(contract, "raw_sales"), limit=1).records
        read = records[0].asset_materialization if records else None
        if read and read.metadata["digest"].value == found:
            return dg.SensorResult(skip_reason="The files are those that were read last.", cursor=stamp)
        since = records[0].storage_id if records else 0
        request = dg.RunRequest(run_key=f"raw-{found}-{since}", tags={"raw_files": found[:12]})
        return dg.SensorResult(run_requests=[request], cursor=stamp)

    return sensor
