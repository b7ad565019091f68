"""The results of the gate's checks on the newest candidate, read from Dagster's records.

Records, not events: a tick between a materialization and its checks finds that they are still to come,
and loses nothing.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from house_prices import gate
from house_prices.contract.schema import Contract
from house_prices.orchestration.assets.metadata import key

if TYPE_CHECKING:  # Dagster gives these records away, and exports no name for them
    from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord as Record


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """The newest materialization of the market's metrics."""

    version: int
    sha256: str
    storage_id: int
    """Of the materialization, in Dagster's event log."""
    run_id: str
    evaluated_at: float
    """Seconds since the epoch."""


@dataclass(frozen=True, kw_only=True)
class GateResults:
    """The newest result of each rule on one candidate."""

    fingerprint: str
    """Of the candidate and the executions of its checks: the same results are decided on once."""
    pending: tuple[str, ...]
    """A sentence for each rule without a result yet."""
    failed: tuple[str, ...]
    """A sentence for each rule that failed."""
    needs_review: tuple[str, ...]
    """A sentence for each rule that leaves the decision to a person."""


def newest_candidate(instance: dg.DagsterInstance, contract: Contract) -> Candidate | None:
    """The candidate evaluated last; None if nothing has been evaluated yet."""
    records = instance.fetch_materializations(key(contract, "metrics"), limit=1).records
    if not records or records[0].asset_materialization is None:
        return None
    metadata = records[0].asset_materialization.metadata
    return Candidate(
        version=int(str(metadata["version"].value)),
        sha256=str(metadata["sha256"].value),
        storage_id=records[0].storage_id,
        run_id=records[0].run_id,
        evaluated_at=records[0].timestamp,
    )


def read(instance: dg.DagsterInstance, contract: Contract, candidate: Candidate) -> GateResults:
    """The newest execution of every rule's check."""
    checks = {rule: dg.AssetCheckKey(key(contract, "metrics"), rule) for rule in gate.RULES}
    records = {rule: instance.get_latest_asset_check_evaluation_record(of) for rule, of in checks.items()}
    pending = {rule: _pending(instance, record, candidate) for rule, record in records.items()}
    answered = {rule: record for rule, record in records.items() if record and not pending[rule]}
    against = {rule: why for rule, record in answered.items() if (why := _against(record))}
    open_ = {rule for rule in against if _needs_review(answered[rule])}
    executions = ",".join(str(record.id if record else 0) for record in records.values())
    return GateResults(
        fingerprint=f"{candidate.storage_id}:{executions}",
        pending=tuple(f"{rule} {why}" for rule, why in pending.items() if why),
        failed=tuple(f"{rule}: {why}" for rule, why in against.items() if rule not in open_),
        needs_review=tuple(f"{rule}: {why}" for rule, why in against.items() if rule in open_),
    )


def _pending(instance: dg.DagsterInstance, record: "Record | None", candidate: Candidate) -> str:
    """Why a rule has no result yet; empty if it has one, or never will."""
    if record is None:
        return "has not been checked."
    evaluation = _evaluation(record)
    if evaluation is None:
        if not _is_about(record, candidate):
            return "has not been checked for this candidate."
        return "" if _is_over(instance, record) else "is being checked."
    target = evaluation.target_materialization_data
    if target is None or target.storage_id != candidate.storage_id:
        return "has not been checked for this candidate."
    if evaluation.metadata["sha256"].value != candidate.sha256:
        return "is about another version; execute the check again."
    return ""


def _against(record: "Record") -> str:
    """What a rule has against promotion; empty if it passes."""
    evaluation = _evaluation(record)
    if evaluation is None:
        return f"the check gave no result; see run {record.run_id}, then execute the check again."
    outcome = evaluation.metadata.get("outcome")
    if evaluation.passed or (outcome and outcome.value == gate.Outcome.NOT_APPLIED):
        return ""
    return evaluation.description or "the check failed."


def _needs_review(record: "Record") -> bool:
    evaluation = _evaluation(record)
    return evaluation is not None and evaluation.severity is dg.AssetCheckSeverity.WARN


def _evaluation(record: "Record") -> dg.AssetCheckEvaluation | None:
    """None while the check is only planned."""
    return record.event.asset_check_evaluation if record.event else None


def _is_about(record: "Record", candidate: Candidate) -> bool:
    """Whether a planned execution is of this candidate's run, or was planned after it."""
    planned_at = record.event.timestamp if record.event else record.create_timestamp  # the latter in whole s
    return record.run_id == candidate.run_id or planned_at >= candidate.evaluated_at


def _is_over(instance: dg.DagsterInstance, record: "Record") -> bool:
    run = instance.get_run_by_id(record.run_id)
    return run is None or run.is_finished
