"""Mirrors a market's registry into an MLflow tracking server. Ours stays the truth: nothing is read back.

Each version becomes a run with its trials as child runs, its metrics, card and model, and a version of the
registered model that has the market's name. The alias `champion` follows ours. A mirror that was interrupted,
or whose server was away, catches up: what is whole is left alone, half a run is deleted and made anew.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from house_prices.contract.schema import Contract
from house_prices.errors import MonitoringError
from house_prices.registry import DecisionRecord, ModelVersion, Registry

URI = "MLFLOW_TRACKING_URI"
"""MLflow's own variable with the server's address; unset, nothing is mirrored."""
TAG = "house_prices"
PATIENCE = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "20", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
"""A server that is away is told of soon."""
ALIAS = "champion"


def fingerprint(registry: Registry, market: str) -> str:
    """Of all that is mirrored."""
    state = [registry.versions(market), registry.history(market)]
    return hashlib.sha256(json.dumps(state, sort_keys=True, default=str).encode()).hexdigest()


def mirror(registry: Registry, market: str, uri: str) -> list[int]:
    """Bring the server up to date, and name the versions that it did not have. Raises MonitoringError."""
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ImportError as error:
        raise MonitoringError(
            f"The mirror needs {error.name}. Install it with: pip install 'house-prices[mlflow]'"
        ) from error
    try:
        return _Mirror(registry, market, MlflowClient(uri, registry_uri=uri), uri).update()
    except (MlflowException, OSError) as error:
        raise MonitoringError(f"{market} is not mirrored to {uri}: {error}") from error


class _Mirror:
    """One market's mirror."""

    def __init__(self, registry: Registry, market: str, client: Any, uri: str) -> None:
        self._registry = registry
        self._market = market
        self._client = client
        self._uri = uri

    def update(self) -> list[int]:
        """Add what is missing, then bring decisions and the alias up to date."""
        experiment = self._experiment()
        known = self._runs(experiment)
        added = []
        decisions = self._registry.decisions(self._market)
        for number in self._registry.versions(self._market):
            if number not in known:
                known[number] = self._add(self._registry.version(self._market, number), experiment)
                added.append(number)
            if decision := decisions.get(number):
                self._decide(known[number], decision)
        self._point(known)
        return added

    def _experiment(self) -> str:
        name = f"house-prices/{self._market}"
        found = self._client.get_experiment_by_name(name)
        return str(found.experiment_id if found else self._client.create_experiment(name))

    def _runs(self, experiment: str) -> dict[int, Any]:
        """The whole runs by version. Half ones, and those of their trials, are deleted."""
        found = {}
        token = None
        while True:
            page = self._client.search_runs([experiment], f"tags.{TAG}_version != ''", page_token=token)
            for run in page:
                tags = run.data.tags
                if f"{TAG}_sha256" in tags and tags.get(f"{TAG}_is_whole") == "true":
                    found[int(tags[f"{TAG}_version"])] = run
            token = page.token
            if not token:
                break
        self._delete_half(experiment, {run.info.run_id for run in found.values()})
        return found

    def _delete_half(self, experiment: str, whole: set[str]) -> None:
        registered = self._client.search_model_versions(f"name = '{self._market}'")
        for run in self._client.search_runs([experiment], max_results=5000):
            parent = run.data.tags.get("mlflow.parentRunId", run.info.run_id)
            if parent not in whole and f"{TAG}_version" in run.data.tags:
                for version in registered:
                    if version.run_id == run.info.run_id:
                        self._client.delete_model_version(self._market, version.version)
                self._client.delete_run(run.info.run_id)

    def _add(self, version: ModelVersion, experiment: str) -> Any:
        manifest = version.manifest
        label = {f"{TAG}_version": str(version.number)}
        run_id = self._client.create_run(
            experiment,
            run_name=f"version {version.number}",
            tags={**label, f"{TAG}_sha256": manifest.sha256, f"{TAG}_contract": manifest.contract.digest},
        ).info.run_id
        training: Mapping[str, Any] = manifest.training
        self._log(
            run_id, training, {f"cv_{k}": v for k, v in (training.get("cross_validation") or {}).items()}
        )
        for trial in training.get("trials") or ():
            child = self._client.create_run(
                experiment, tags={**label, "mlflow.parentRunId": run_id}, run_name=str(trial.get("estimator"))
            ).info.run_id
            self._log(child, trial, {"rmsle": trial.get("rmsle"), "spread": trial.get("spread")})
            self._client.set_terminated(child)
        for file in sorted(version.folder.iterdir()):
            if file.suffix in (".html", ".json"):
                self._client.log_artifact(run_id, str(file))
        with _as_mlflow(version) as folder:
            self._client.log_artifacts(run_id, str(folder), "model")
        self._register(version, run_id)
        self._client.set_tag(run_id, f"{TAG}_is_whole", "true")
        self._client.set_terminated(run_id)
        return self._client.get_run(run_id)

    def _log(self, run_id: str, chosen: Mapping[str, Any], metrics: Mapping[str, Any]) -> None:
        self._client.log_param(run_id, "estimator", chosen.get("estimator", "unknown"))
        for name, value in (chosen.get("parameters") or {}).items():
            self._client.log_param(run_id, name, value)
        for name, value in metrics.items():
            if isinstance(value, int | float) and np.isfinite(value):
                self._client.log_metric(run_id, name, float(value))

    def _register(self, version: ModelVersion, run_id: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.get_registered_model(self._market)
        except MlflowException:
            self._client.create_registered_model(self._market)
        source = f"{self._client.get_run(run_id).info.artifact_uri}/model"
        tags = {f"{TAG}_version": str(version.number), f"{TAG}_sha256": version.manifest.sha256}
        self._client.create_model_version(self._market, source, run_id, tags=tags)

    def _decide(self, run: Any, decision: DecisionRecord) -> None:
        run_id, tag = run.info.run_id, f"{TAG}_decision"
        if run.data.tags.get(tag) == decision.outcome.value:
            return
        for name, value in decision.metrics.items():
            self._client.log_metric(run_id, name, float(value))
        self._client.set_tag(run_id, f"{TAG}_reasons", " ".join(decision.reasons)[:5000])
        self._client.set_tag(run_id, tag, decision.outcome.value)

    def _point(self, known: Mapping[int, Any]) -> None:
        """The alias to the champion's run."""
        champion = self._registry.champion(self._market)
        if champion is None or champion.version not in known:
            return
        run_id = known[champion.version].info.run_id
        for version in self._client.search_model_versions(f"name = '{self._market}'"):
            if version.run_id == run_id:
                self._client.set_registered_model_alias(self._market, ALIAS, version.version)


@contextmanager
def _as_mlflow(version: ModelVersion) -> Iterator[Path]:
    """The model in MLflow's own format, with its signature."""
    import mlflow.onnx
    from mlflow.models.signature import ModelSignature

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model")
        inputs, outputs = _signature(version.manifest.contract, version.model)
        mlflow.onnx.save_model(
            onnx.load(version.model),
            str(path),
            signature=ModelSignature(inputs, outputs),
            pip_requirements=["onnxruntime"],
        )
        yield path


def _signature(contract: Contract, model: Path) -> tuple[Any, Any]:
    from mlflow.types import Schema, TensorSpec

    inputs: list[Any] = []
    if contract.numbers:
        inputs.append(TensorSpec(np.dtype(np.float32), (-1, len(contract.numbers)), "numbers"))
    if contract.categories:
        inputs.append(TensorSpec(np.dtype(str), (-1, len(contract.categories)), "categories"))
    names = [output.name for output in onnx.load(model).graph.output]
    return Schema(inputs), Schema([TensorSpec(np.dtype(np.float32), (-1, 1), name) for name in names])
