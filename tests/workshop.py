"""The market of cottages in a project folder, with a Dagster instance that keeps what happens there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from house_prices.contract.reader import read
from house_prices.contract.schema import Contract
from house_prices.evaluation import serving_test
from house_prices.evaluation.evaluate import Serve
from house_prices.orchestration import definitions
from house_prices.orchestration.resources import Folders
from house_prices.registry import Registry
from tests import cottages

Asset = dg.AssetSelection
METRICS = dg.AssetKey([cottages.NAME, "metrics"])
FLOW = ("raw_sales", "clean_sales", "splits", "fitted_pipeline", "candidate_model", "metrics", "model_card")


@dataclass(kw_only=True)
class Workshop:
    """What a person does in the UI, and what the daemon does at every tick, as calls."""

    home: Path
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)
    serve: Serve = serving_test.run
    """The serving test."""

    @classmethod
    def on_disk(cls, home: Path, *, serve: Serve = serving_test.run) -> "Workshop":
        """With an instance that keeps its records in the home, where a copy of the home has them too."""
        records = home / "storage" / "dagster"
        records.mkdir(parents=True, exist_ok=True)
        return cls(home=home, instance=dg.DagsterInstance.local_temp(str(records)), serve=serve)

    @property
    def contract(self) -> Contract:
        return read(self.home / "data" / cottages.NAME / "contract.toml")

    @property
    def raw(self) -> Path:
        return self.home / "data" / cottages.NAME / "raw"

    @property
    def registry(self) -> Registry:
        return Registry(self.home / "storage" / "models")

    @property
    def sales(self) -> Path:
        """The raw file that the market starts with."""
        return self.raw / "sales.csv"

    def train(self) -> dg.ExecuteInProcessResult:
        """Run the training job, as it runs every night."""
        return self._run(self._definitions().resolve_job_def("cottages_training"))

    def materialize(self, names: Sequence[str] = FLOW) -> dg.ExecuteInProcessResult:
        """Materialize assets and execute none of their checks."""
        return self.execute(Asset.assets(*self._keys(names)).without_checks())

    def watch(self, day: str) -> dg.ExecuteInProcessResult:
        """Materialize a day of the served predictions."""
        job = self._definitions().resolve_job_def("cottages_served_predictions")
        return job.execute_in_process(instance=self.instance, raise_on_error=False, partition_key=day)

    def check(self, names: Sequence[str] = ("metrics",)) -> dg.ExecuteInProcessResult:
        """Execute the checks of assets that were materialized before."""
        return self.execute(Asset.checks_for_assets(*self._keys(names)))

    def execute(self, selection: dg.AssetSelection) -> dg.ExecuteInProcessResult:
        return self._run(self.job(selection))

    def job(self, selection: dg.AssetSelection) -> dg.JobDefinition:
        """A job of some assets or checks, such as the UI makes for its Materialize button."""
        wanted = dg.Definitions(jobs=[dg.define_asset_job("some", selection=selection)])
        return dg.Definitions.merge(self._definitions(), wanted).resolve_job_def("some")

    def promote(self, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        """Run the promotion job as a sensor asked for it."""
        return self.launch("promotion", request.run_config, request.tags)

    def decide(self, **config: object) -> dg.ExecuteInProcessResult:
        """Run the promotion job as a person launches it in the UI."""
        return self.launch("promotion", {"ops": {"promote_cottages": {"config": config}}})

    def launch(
        self, job: str, run_config: Mapping[str, Any], tags: Mapping[str, str] | None = None
    ) -> dg.ExecuteInProcessResult:
        """Run a job of the market with a run config."""
        return (
            self._definitions()
            .resolve_job_def(f"cottages_{job}")
            .execute_in_process(
                run_config=run_config, tags=tags, instance=self.instance, raise_on_error=False
            )
        )

    def tick(self, sensor: str, cursor: str | None = None) -> dg.SensorResult:
        """One tick of a sensor, as the daemon evaluates it."""
        folders = {"folders": Folders(home=str(self.home))}
        context = dg.build_sensor_context(self.instance, cursor, resources=folders)
        answer = self._definitions().resolve_sensor_def(f"cottages_{sensor}_sensor")(context)
        assert isinstance(answer, dg.SensorResult)
        return answer

    def _run(self, job: dg.JobDefinition) -> dg.ExecuteInProcessResult:
        return job.execute_in_process(instance=self.instance, raise_on_error=False)

    def _definitions(self) -> dg.Definitions:
        return definitions.build(self.home, serve=self.serve)

    def _keys(self, names: Sequence[str]) -> list[dg.AssetKey]:
        return [dg.AssetKey([cottages.NAME, name]) for name in names]
