"""The mirror, in a real MLflow server that runs in an environment of its own."""

import os
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from house_prices.cli.processes import free_port
from house_prices.errors import MonitoringError
from house_prices.monitoring import mlflow_mirror
from house_prices.registry import REPORT, ModelVersion, Registry
from tests import models, servers

SERVER = Path(__file__).parents[2] / ".mlflow" / "bin" / "mlflow"
TRAINING = {
    "estimator": "ridge",
    "parameters": {"alpha": 3},
    "cross_validation": {"rmsle": 0.12, "r2": 0.9},
    "trials": [
        {"estimator": name, "parameters": {}, "rmsle": 0.2, "spread": 0.01} for name in ("ridge", "knn")
    ],
}

mlflow = pytest.importorskip("mlflow", reason="MLflow's client is missing: pip install mlflow-skinny==3.17.2")
pytestmark = pytest.mark.skipif(
    not SERVER.exists(),
    reason="MLflow's server is missing: python3 -m venv .mlflow && .mlflow/bin/pip install mlflow==3.17.2",
)


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A tracking server's address."""
    folder = tmp_path_factory.mktemp("mlflow")
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = [str(SERVER), "server", "--port", str(port), "--workers", "1"]
    command += [
        "--backend-store-uri",
        f"sqlite:///{folder}/db.sqlite",
        "--artifacts-destination",
        str(folder / "artifacts"),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": ""},
        )
    try:
        servers.eventually(lambda: is_up(address), timeout_s=120)
        yield address
    finally:
        os.killpg(process.pid, 9)
        process.wait()


def is_up(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


def publish(registry: Registry, market: str, base: float = 0.0) -> ModelVersion:
    contract = models.contract(name=market)
    version = models.publish(registry, contract, base=base, training=TRAINING)
    registry.attach(market, version.number, REPORT, b"<html>card</html>")
    return version


def runs(uri: str, market: str) -> dict[str, list[Any]]:
    """Those of versions, and those of trials."""
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name(f"house-prices/{market}")
    found: dict[str, list[Any]] = {"versions": [], "trials": []}
    for run in client.search_runs([experiment.experiment_id]):
        found["trials" if "mlflow.parentRunId" in run.data.tags else "versions"].append(run)
    return found


def test_a_version_is_there_with_its_trials_metrics_card_and_decision(registry: Registry, uri: str) -> None:
    publish(registry, "barns")
    decision = {"version": 1, "passed": True, "reasons": [], "metrics": {"mdape": 0.05, "r2": 0.9}}
    registry.record_decision("barns", decision)
    assert mlflow_mirror.mirror(registry, "barns", uri) == [1]
    found = runs(uri, "barns")
    (run,) = found["versions"]
    assert run.info.status == "FINISHED"
    assert run.data.params == {"estimator": "ridge", "alpha": "3"}
    assert run.data.metrics == {"cv_rmsle": 0.12, "cv_r2": 0.9, "mdape": 0.05, "r2": 0.9}
    assert run.data.tags["house_prices_decision"] == "pass"
    assert sorted(trial.data.params["estimator"] for trial in found["trials"]) == ["knn", "ridge"]
    artifacts = {each.path for each in mlflow.MlflowClient(uri).list_artifacts(run.info.run_id)}
    assert {"report.html", "manifest.json", "model"} <= artifacts


def test_the_champion_is_loaded_back_by_its_alias_and_prices_as_it_does(registry: Registry, uri: str) -> None:
    for base in (0.0, 1000.0):
        models.promote(registry, publish(registry, "sheds", base))
    mlflow_mirror.mirror(registry, "sheds", uri)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    loaded = mlflow.onnx.load_model("models:/sheds@champion").SerializeToString()
    assert loaded == registry.version("sheds", 2).model.read_bytes()
    signature = mlflow.models.get_model_info("models:/sheds@champion").signature
    assert [spec.name for spec in signature.inputs] == ["numbers", "categories"]
    models.promote(registry, registry.version("sheds", 1))
    assert mlflow_mirror.mirror(registry, "sheds", uri) == []
    loaded = mlflow.onnx.load_model("models:/sheds@champion").SerializeToString()
    assert loaded == registry.version("sheds", 1).model.read_bytes()
    assert np.dtype("float32") == signature.outputs.inputs[0].type


def test_a_mirror_that_was_interrupted_catches_up_and_has_nothing_twice(
    registry: Registry, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(registry, "huts")
    with monkeypatch.context() as patched:
        patched.setattr(mlflow.MlflowClient, "set_terminated", interrupted_at_the_last)
        with pytest.raises(KeyboardInterrupt):
            mlflow_mirror.mirror(registry, "huts", uri)
    publish(registry, "huts")
    assert mlflow_mirror.mirror(registry, "huts", uri) == [1, 2]
    assert mlflow_mirror.mirror(registry, "huts", uri) == []
    found = runs(uri, "huts")
    assert sorted(run.data.tags["house_prices_version"] for run in found["versions"]) == ["1", "2"]
    assert len(found["trials"]) == 4
    assert len(mlflow.MlflowClient(uri).search_model_versions("name = 'huts'")) == 2


def interrupted_at_the_last(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_server_that_is_away_is_told_of_soon(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    publish(registry, "huts")
    with pytest.raises(MonitoringError, match=r"huts is not mirrored to http://127\.0\.0\.1"):
        mlflow_mirror.mirror(registry, "huts", f"http://127.0.0.1:{free_port()}")
