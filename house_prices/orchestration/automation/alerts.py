"""The sensors that tell people: failed runs, candidates, checks of the champion, stale sales."""

import json
from collections.abc import Iterator

import dagster as dg

from house_prices.contract.schema import Contract
from house_prices.errors import MonitoringError
from house_prices.monitoring import alerts, standing
from house_prices.monitoring.alerts import Alert
from house_prices.orchestration import check_results
from house_prices.orchestration.resources import Folders
from house_prices.registry import Outcome, Registry

INTERVAL_S = 60
NO_CHANNEL = f"No channel is set: {alerts.PREFIX}WEBHOOK or {alerts.PREFIX}MAIL_TO."


def of_project() -> dg.Definitions:
    """The sensor of failed runs, whatever their market."""

    @dg.run_failure_sensor(
        name="failed_runs_alert_sensor",
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells people about every run that failed.",
    )
    def failed_runs(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        channels = alerts.channels()
        if not channels.are_set:
            return dg.SkipReason(NO_CHANNEL)
        run = context.dagster_run
        channels.send(
            Alert(
                key=f"run:{run.run_id}",
                market=run.tags.get("market", ""),
                title=f"{run.job_name} failed",
                text=f"{context.failure_event.message}\n\nRun {run.run_id}; Dagster's UI has its log.",
            )
        )
        return None

    return dg.Definitions(sensors=[failed_runs])


def sensor(contract: Contract) -> dg.SensorDefinition:
    """Tells each thing once, and again if it has gone and come back."""

    @dg.sensor(
        name=f"{contract.name}_alert_sensor",
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells people about candidates to decide on, drift, lost accuracy and stale sales.",
    )
    def alert_sensor(context: dg.SensorEvaluationContext, folders: Folders) -> dg.SensorResult:
        channels = alerts.channels()
        if not channels.are_set:
            return dg.SensorResult(skip_reason=NO_CHANNEL)
        now = {alert.key: alert for alert in found(context.instance, contract, folders.registry)}
        told = set(json.loads(context.cursor or "[]")) & now.keys()
        failures = []
        for key in sorted(now.keys() - told):
            try:
                channels.send(now[key])
                told.add(key)
            except MonitoringError as error:  # the others are sent, and this one again at the next tick
                context.log.error(str(error))
                failures.append(str(error))
        why = " ".join(failures) or f"{len(now)} to tell, all told."
        return dg.SensorResult(skip_reason=why, cursor=json.dumps(sorted(told)))

    return alert_sensor


def found(instance: dg.DagsterInstance, contract: Contract, registry: Registry) -> Iterator[Alert]:
    """What is to be told now."""
    market = contract.name
    yield from _candidates(registry, market)
    champion = registry.champion(market)
    for name, check in check_results.latest(instance, contract).items():
        if not check.passed and champion and check.version == champion.version:
            yield Alert(
                key=f"check:{name}:{champion.version}:{'fails' if check.fails else 'warns'}",
                market=market,
                title=f"{name} {'fails' if check.fails else 'warns'}, version {champion.version}",
                text=check.description,
            )
    since = standing.sales_since(registry, market)
    if since and (age := standing.age_days(since)) >= contract.monitoring.stale_days:
        yield Alert(
            key=f"stale:{since.isoformat()}",
            market=market,
            title=f"no new sales for {age:.0f} days",
            text=f"The newest sales were first trained on at {since.date()}. Is their source still filled?",
        )


def _candidates(registry: Registry, market: str) -> Iterator[Alert]:
    waiting = {decision.version for decision in standing.waiting(registry, market)}
    newest = max(registry.decisions(market).values(), key=lambda decision: decision.version, default=None)
    if newest and newest.outcome is Outcome.FAIL:
        yield Alert(
            key=f"rejected:{newest.version}",
            market=market,
            title=f"version {newest.version} was rejected by the gate",
            text="\n".join(newest.reasons),
        )
    for number in waiting:
        yield Alert(
            key=f"waiting:{number}",
            market=market,
            title=f"version {number} needs review",
            text="\n".join(registry.decisions(market)[number].reasons)
            + f"\n\nhouse-prices models promote {number} --market {market} --reason WHY, or reject it.",
        )
