"""The sensor that trains when raw files change."""

import time
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from house_prices.contract.schema import Contract
from house_prices.orchestration.assets.metadata import key
from house_prices.orchestration.assets.raw_sales import digest
from house_prices.orchestration.automation import training
from house_prices.orchestration.resources import Folders
from house_prices.sales import read as source

INTERVAL_S = 15
SETTLED_S = 3
"""A file that was written to more recently may not be whole yet."""


def sensor(contract: Contract) -> dg.SensorDefinition:
    """Looks at sizes and times on each tick, and at contents only if those have changed."""

    @dg.sensor(
        name=f"{contract.name}_raw_files_sensor",
        job_name=training.name(contract),
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Trains when a raw file is new, gone or changed since the sales were last read.",
    )
    def raw_files_sensor(context: dg.SensorEvaluationContext, folders: Folders) -> dg.SensorResult:
        folder = folders.raw(contract.name)
        files = source.paths(folder)
        if not files:
            return dg.SensorResult(skip_reason=f"{folder} holds no file.")
        if unsettled := _written_just_now(files):
            return dg.SensorResult(skip_reason=f"{', '.join(unsettled)}: still being written.")
        stamp = _stamp(files)
        if stamp == context.cursor:
            return dg.SensorResult(skip_reason="The files are as they were.")
        found = digest(source.checksums(files))
        since, read = _last_read(context.instance, contract)
        if not read:
            return dg.SensorResult(skip_reason="The sales were never read; the first training is a person's.")
        if read == found:
            return dg.SensorResult(skip_reason="The files are those that were read last.", cursor=stamp)
        request = dg.RunRequest(run_key=f"raw-{found}-{since}", tags={"raw_files": found[:12]})
        return dg.SensorResult(run_requests=[request], cursor=stamp)

    return raw_files_sensor


def _written_just_now(files: Sequence[Path]) -> list[str]:
    return [path.name for path in files if abs(time.time() - path.stat().st_mtime) < SETTLED_S]


def _stamp(files: Sequence[Path]) -> str:
    """What changes when a file does, without reading it."""
    stats = [(path.name, path.stat()) for path in files]
    return " ".join(f"{name}:{stat.st_size}:{stat.st_mtime_ns}" for name, stat in stats)


def _last_read(instance: dg.DagsterInstance, contract: Contract) -> tuple[int, str]:
    """Which materialization of the raw sales is the newest, and the digest of the files it read."""
    records = instance.fetch_materializations(key(contract, "raw_sales"), limit=1).records
    if not records or records[0].asset_materialization is None:
        return 0, ""
    return records[0].storage_id, str(records[0].asset_materialization.metadata["digest"].value)
