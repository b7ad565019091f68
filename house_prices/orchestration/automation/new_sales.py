"""The sensor that trains when a market's source changes, or when a message says that it has."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from house_prices import sources
from house_prices.contract.schema import Contract
from house_prices.orchestration.assets.metadata import key
from house_prices.orchestration.assets.raw_sales import digest
from house_prices.orchestration.automation import last_read, training
from house_prices.orchestration.resources import Folders
from house_prices.sales import read

INTERVAL_S = {"folder": 15, "objects": 60, "database": 15}
"""Between two ticks, by the kind of source."""
SETTLED_S = 3
"""A file that was written to more recently may not be whole yet."""


def sensor(contract: Contract) -> dg.SensorDefinition:
    """Looks at files and objects on each tick; a database only speaks by messages.

    A message is an observation of the source asset that no run made: Dagster's webserver takes it as
    `POST /report_asset_observation/<market>/source` with a `data_version`. The same version trains once.
    """

    @dg.sensor(
        name=f"{contract.name}_source_sensor",
        job_name=training.name(contract),
        minimum_interval_seconds=INTERVAL_S[contract.source.kind],
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Trains when the source differs from what was last read, or when a message says so.",
    )
    def source_sensor(context: dg.SensorEvaluationContext, folders: Folders) -> dg.SensorResult:
        before = json.loads(context.cursor or "{}")
        messages, newest = _messages(context.instance, contract, before.get("message", 0))
        looked = _look(context.instance, contract, folders.market(contract.name), before.get("stamp", ""))
        after = {"stamp": looked.cursor or before.get("stamp", ""), "message": newest}
        cursor = json.dumps(after) if after != before and any(after.values()) else None
        if requests := messages or looked.run_requests:
            return dg.SensorResult(run_requests=requests, cursor=cursor)
        return dg.SensorResult(skip_reason=looked.skip_reason, cursor=cursor)

    return source_sensor


def _messages(
    instance: dg.DagsterInstance, contract: Contract, after: int
) -> tuple[list[dg.RunRequest], int]:
    """A training for each data version that a message names, and the place of the newest message."""
    since = dg.AssetRecordsFilter(asset_key=key(contract, "source"), after_storage_id=after)
    found = instance.fetch_observations(since, limit=100, ascending=True).records
    requests = {}
    for record in found:
        observed = record.asset_observation
        if observed and not record.run_id:
            version = observed.data_version or str(record.storage_id)
            tags = {"source_version": version[:63]}
            requests[version] = dg.RunRequest(run_key=f"message-{version}", tags=tags)
    return list(requests.values()), max([after, *(record.storage_id for record in found)])


def _look(instance: dg.DagsterInstance, contract: Contract, market: Path, before: str) -> dg.SensorResult:
    """Whether the source differs from what was read; its stamp is the result's cursor."""
    if contract.source.kind == "database":
        return dg.SensorResult(skip_reason="The database is read every night, and when a message comes.")
    files: Sequence[Path] = ()
    if contract.source.kind == "folder":
        with sources.delivered(contract, market) as delivery:
            files, stamp = delivery.files, delivery.stamp
        if not files:
            return dg.SensorResult(skip_reason=f"{sources.address(contract, market)} holds no file.")
        if unsettled := _written_just_now(files):
            return dg.SensorResult(skip_reason=f"{', '.join(unsettled)}: still being written.")
    else:
        stamp = sources.stamp(contract, market)
    if stamp == before:
        return dg.SensorResult(skip_reason="The source is as it was.")
    last = last_read.of(instance, contract)
    if last is None:
        return dg.SensorResult(skip_reason="The sales were never read; the first training is a person's.")
    version = digest(read.checksums(files)) if files else stamp
    if version == (last.digest if files else last.stamp):
        return dg.SensorResult(skip_reason="The source is what was read last.", cursor=stamp)
    short = digest({"": version})[:12]
    request = dg.RunRequest(run_key=f"source-{short}-{last.number}", tags={"source_version": short})
    return dg.SensorResult(run_requests=[request], cursor=stamp)


def _written_just_now(files: Sequence[Path]) -> list[str]:
    return [path.name for path in files if abs(time.time() - path.stat().st_mtime) < SETTLED_S]
