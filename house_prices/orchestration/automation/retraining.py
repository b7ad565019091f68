"""The sensor that asks for a training when the champion no longer fits. Promoting stays the gate's."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from house_prices.contract.schema import Contract
from house_prices.orchestration import check_results
from house_prices.orchestration.automation import training
from house_prices.orchestration.resources import Folders
from house_prices.registry import Champion

INTERVAL_S = 60
CHECKED = {"drift": "input_drift", "coverage": "live_coverage", "error": "live_error"}
"""Reasons for a training, and the check that fails."""


def sensor(contract: Contract) -> dg.SensorDefinition:
    """Asks once for each champion and reason."""

    @dg.sensor(
        name=f"{contract.name}_retraining_sensor",
        job_name=training.name(contract),
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Trains when the champion has drifted, lost its coverage or accuracy, or is old.",
    )
    def retraining_sensor(context: dg.SensorEvaluationContext, folders: Folders) -> dg.SensorResult:
        champion = folders.registry.champion(contract.name)
        if champion is None:
            return dg.SensorResult(skip_reason="There is no champion yet.")
        reasons = dict(_reasons(context.instance, contract, champion))
        asked = set((context.cursor or "").split())
        new = {name: why for name, why in reasons.items() if f"{champion.version}:{name}" not in asked}
        if not new:
            why = (
                f"A training has been asked for: {' '.join(reasons.values())}"
                if reasons
                else "Nothing asks for it."
            )
            return dg.SensorResult(skip_reason=why)
        cursor = " ".join(sorted(f"{champion.version}:{name}" for name in reasons))
        request = dg.RunRequest(
            run_key=f"retrain-{champion.version}-{champion.promoted_at}-{'-'.join(sorted(new))}",
            tags={"reason": " ".join(new.values()), "champion": str(champion.version)},
        )
        return dg.SensorResult(run_requests=[request], cursor=cursor)

    return retraining_sensor


def _reasons(
    instance: dg.DagsterInstance, contract: Contract, champion: Champion
) -> Iterator[tuple[str, str]]:
    """Why the champion should be followed by another, by a word for each reason."""
    checks = check_results.latest(instance, contract)
    for name, check in CHECKED.items():
        found = checks.get(check)
        if found and not found.passed and found.fails and found.version == champion.version:
            yield name, found.description
    age = datetime.now(UTC) - datetime.fromisoformat(champion.promoted_at)
    if age.days >= contract.monitoring.age_days:
        yield "age", f"Version {champion.version} has been the champion for {age.days} days."
