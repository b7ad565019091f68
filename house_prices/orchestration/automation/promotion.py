"""The promotion job, and the sensor that runs it for a candidate that every rule of the gate passed."""

from dataclasses import asdict
from enum import Enum

import dagster as dg
from pydantic import Field

from house_prices.contract.schema import Contract
from house_prices.errors import PromotionRefused, RegistryError, RejectionRefused
from house_prices.orchestration import audit_heads
from house_prices.orchestration.assets.metadata import key
from house_prices.orchestration.automation import gate_results
from house_prices.orchestration.automation.gate_results import Candidate
from house_prices.orchestration.resources import Folders
from house_prices.registry import Champion, Registry

INTERVAL_S = 5
SENSOR_TAG = "dagster/sensor_name"


def name(contract: Contract) -> str:
    """The promotion job's name."""
    return f"{contract.name}_promotion"


def op_name(contract: Contract) -> str:
    """The name of the op that a promotion's run config configures."""
    return f"promote_{contract.name}"


class Decision(Enum):
    """What to do with a version. These names appear in Dagster's config."""

    promote = "promote"
    reject = "reject"


class Promotion(dg.Config):
    """A version and the decision on it, by the sensor or by a person in the UI's launchpad."""

    version: int
    reason: str = Field(min_length=1, description="Why; it is kept in the audit log.")
    decision: Decision = Decision.promote
    sha256: str = Field(
        default="", description="Of the model as it was judged; empty for that of the version."
    )
    force: bool = Field(
        default=False, description="Promote even a version that the gate or a person has rejected."
    )


def job(contract: Contract) -> dg.JobDefinition:
    """Makes one exact version the champion, or rejects it. Promoting again changes nothing."""

    @dg.op(name=op_name(contract), retry_policy=dg.RetryPolicy(max_retries=3, delay=2))
    def promote(context: dg.OpExecutionContext, config: Promotion, folders: Folders) -> None:
        try:
            if config.decision is Decision.promote and not config.force:
                _require_evidence(context, contract, config, folders.registry)
            champion = _decide(folders.registry, contract.name, config, by=decider(context, config.force))
        except (PromotionRefused, RejectionRefused) as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        if champion and not _is_told(context.instance, contract, champion):
            context.log_event(materialization(contract, champion))
        context.log_event(audit_heads.observation(folders.registry, contract.name))

    @dg.job(
        name=name(contract),
        tags={"market": contract.name},
        description=f"Promotes a judged version of {contract.title}, or rejects it.",
    )
    def promotion() -> None:
        promote()

    return promotion


def _require_evidence(
    context: dg.OpExecutionContext, contract: Contract, config: Promotion, registry: Registry
) -> None:
    """Raise PromotionRefused unless the version was judged, and nothing newer is known.

    A run with the sensor's tag, whoever launched it and whenever, has to show what the sensor saw.
    """
    if faults := audit_heads.faults(context.instance, registry, contract.name):
        raise PromotionRefused(f"{faults[0]} See `house-prices models verify`")
    registry.require_decision(contract.name, config.version, by_person=is_by_hand(context))
    if is_by_hand(context):
        return
    newest = gate_results.newest_candidate(context.instance, contract)
    if newest is None or (newest.version, newest.sha256) != (config.version, config.sha256):
        raise PromotionRefused(
            f"version {config.version} is not the candidate that was evaluated last, which is "
            f"{newest and newest.version}: a run of the sensor is not to be launched again"
        )
    results = gate_results.read(context.instance, contract, newest)
    if against := [*results.pending, *results.failed, *results.needs_review]:
        raise PromotionRefused(f"version {config.version}: {' '.join(against)}")


def _is_told(instance: dg.DagsterInstance, contract: Contract, champion: Champion) -> bool:
    """Whether Dagster knows of the champion already: by a run that did the same, or was interrupted."""
    records = instance.fetch_materializations(key(contract, "champion"), limit=1).records
    told = records[0].asset_materialization if records else None
    return told is not None and told.metadata["promoted_at"].value == champion.promoted_at


def _decide(registry: Registry, market: str, config: Promotion, *, by: str) -> Champion | None:
    """The new champion; None if the version is rejected."""
    if config.decision is Decision.reject:
        registry.reject(market, config.version, by=by, reason=config.reason)
        return None
    sha256 = config.sha256 or registry.version(market, config.version).manifest.sha256
    return registry.promote(
        market, config.version, sha256=sha256, by=by, reason=config.reason, force=config.force
    )


def is_by_hand(context: dg.OpExecutionContext) -> bool:
    """Whether a person asked for the run, not the sensor."""
    return SENSOR_TAG not in context.run.tags


def decider(context: dg.OpExecutionContext, force: bool = False) -> str:
    """Who decided, for the audit log: the sensor that asked for the run, which never forces, or a person."""
    by_hand = "a run started by hand"
    return by_hand if force else str(context.run.tags.get(SENSOR_TAG, by_hand))


def materialization(contract: Contract, champion: Champion) -> dg.AssetMaterialization:
    """The event that tells Dagster about a new champion."""
    facts = {name: value for name, value in asdict(champion).items() if value is not None}
    return dg.AssetMaterialization(key(contract, "champion"), metadata=facts)


def sensor(contract: Contract) -> dg.SensorDefinition:
    """Skips while a rule has no result yet, and decides once on the same results."""

    @dg.sensor(
        name=f"{contract.name}_promotion_sensor",
        job_name=name(contract),
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Promotes the newest candidate once every rule of the gate has passed it.",
    )
    def promotion_sensor(context: dg.SensorEvaluationContext, folders: Folders) -> dg.SensorResult:
        if faults := audit_heads.faults(context.instance, folders.registry, contract.name):
            return dg.SensorResult(skip_reason=f"{' '.join(faults)} See `house-prices models verify`.")
        audit_heads.keep(context.instance, folders.registry, contract.name)
        candidate = gate_results.newest_candidate(context.instance, contract)
        if candidate is None:
            return dg.SensorResult(skip_reason="No candidate has been evaluated yet.")
        results = gate_results.read(context.instance, contract, candidate)
        version = f"Version {candidate.version}"
        if results.fingerprint == context.cursor:
            return dg.SensorResult(skip_reason=f"{version} has been decided on.")
        if results.pending:
            return dg.SensorResult(skip_reason=f"{version}: {' '.join(results.pending)}")
        failed = [*results.failed, *_objections(folders.registry, contract, candidate)]
        if failed:
            why = f"{version} is rejected. {' '.join(failed)}"
            return dg.SensorResult(skip_reason=why, cursor=results.fingerprint)
        if results.needs_review:
            why = f"{version} needs review: a person promotes or rejects it. {' '.join(results.needs_review)}"
            return dg.SensorResult(skip_reason=why, cursor=results.fingerprint)
        return dg.SensorResult(
            run_requests=[_request(contract, candidate, results.fingerprint)], cursor=results.fingerprint
        )

    return promotion_sensor


def _request(contract: Contract, candidate: Candidate, fingerprint: str) -> dg.RunRequest:
    judged = Promotion(
        version=candidate.version, sha256=candidate.sha256, reason="passed every rule of the gate"
    )
    return dg.RunRequest(
        run_key=f"promote-{candidate.sha256}-{fingerprint}",
        run_config=dg.RunConfig(ops={op_name(contract): judged}),
        tags={"version": str(candidate.version)},
    )


def _objections(registry: Registry, contract: Contract, candidate: Candidate) -> list[str]:
    """What stands against promotion besides the gate: changed files, or a person's rejection."""
    try:
        version = registry.check(contract.name, candidate.version)
    except RegistryError as error:
        return [str(error)]
    if version.manifest.sha256 != candidate.sha256:
        return ["Its files have changed since they were judged."]
    rejection = registry.rejection(contract.name, candidate.version)
    return [f"It was {rejection}."] if rejection else []
