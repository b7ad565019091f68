"""The job and the sensor that mirror a market into MLflow, if a tracking server is named."""

import os
import time

import dagster as dg

from house_prices.contract.schema import Contract
from house_prices.monitoring import mlflow_mirror
from house_prices.orchestration.resources import Folders
from house_prices.registry import atomic_files

INTERVAL_S = 60
AGAIN_S = 1800
"""A server that was away is asked again after so long."""


def of_market(contract: Contract) -> dg.Definitions:
    """Nothing waits for the mirror, and nothing fails with it but its own run."""

    @dg.op(name=f"mirror_{contract.name}_to_mlflow")
    def mirror(context: dg.OpExecutionContext, folders: Folders) -> None:
        uri = os.environ.get(mlflow_mirror.URI, "")
        if not uri:
            raise dg.Failure(f"No tracking server is named. Set {mlflow_mirror.URI}.", allow_retries=False)
        state = mlflow_mirror.fingerprint(folders.registry, contract.name)
        added = mlflow_mirror.mirror(folders.registry, contract.name, uri)
        context.log.info(f"Versions added to {uri}: {added or 'none'}")
        record = folders.mirrored(contract.name)
        record.parent.mkdir(parents=True, exist_ok=True)
        atomic_files.replace(record, f"{uri} {state}".encode())

    @dg.job(
        name=f"{contract.name}_mlflow",
        tags={"market": contract.name},
        description=f"Mirrors the versions of {contract.title} into MLflow.",
    )
    def job() -> None:
        mirror()

    @dg.sensor(
        name=f"{contract.name}_mlflow_sensor",
        job=job,
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Mirrors into MLflow what is new in the registry, if a tracking server is named.",
    )
    def mlflow_sensor(folders: Folders) -> dg.SensorResult:
        uri = os.environ.get(mlflow_mirror.URI, "")
        if not uri:
            return dg.SensorResult(skip_reason=f"{mlflow_mirror.URI} names no tracking server.")
        if not folders.registry.versions(contract.name):
            return dg.SensorResult(skip_reason="Nothing is published yet.")
        state = mlflow_mirror.fingerprint(folders.registry, contract.name)
        record = folders.mirrored(contract.name)
        if record.is_file() and record.read_text() == f"{uri} {state}":
            return dg.SensorResult(skip_reason="MLflow has everything.")
        request = dg.RunRequest(run_key=f"mlflow-{state}-{int(time.time() // AGAIN_S)}")
        return dg.SensorResult(run_requests=[request])

    return dg.Definitions(jobs=[job], sensors=[mlflow_sensor])
