"""Dagster's webserver, asked as its UI asks it: GraphQL over HTTP."""

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any, TypeVar

Found = TypeVar("Found")

LOCATION = {"repositoryLocationName": "house_prices", "repositoryName": "__repository__"}

_LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}"""
_RUN = "query Run($id: ID!) { runOrError(runId: $id) { __typename ... on Run { status } } }"
_RUNS = """
query Runs($filter: RunsFilter) {
  runsOrError(filter: $filter) { ... on Runs { results { runId status tags { key value } } } }
}"""
_TICKS = """
query Ticks($sensor: SensorSelector!) {
  sensorOrError(sensorSelector: $sensor) {
    __typename
    ... on Sensor { sensorState { status ticks(limit: 100) { status skipReason runIds } } }
  }
}"""
_CHECKS = """
query Checks($asset: AssetKeyInput!, $name: String!) {
  assetCheckExecutions(assetKey: $asset, checkName: $name, limit: 1) {
    status runId evaluation { success severity description targetMaterialization { runId } }
  }
}"""

_MATERIALIZED = """
query Materialized($asset: AssetKeyInput!) {
  assetOrError(assetKey: $asset) {
    ... on Asset { assetMaterializations(limit: 1) {
      runId metadataEntries { label ... on TextMetadataEntry { text } ... on BoolMetadataEntry { boolValue } }
    } }
  }
}"""
_FAILURES = """
query Failures($id: ID!) {
  runOrError(runId: $id) { ... on Run { eventConnection { events {
    ... on ExecutionStepFailureEvent { error { message } }
  } } } }
}"""


def wait_for(what: Callable[[], Found | None], *, seconds: float, otherwise: str) -> Found:
    """The first answer that holds anything, asked for again and again."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, otherwise
        time.sleep(0.2)
    return found


class Webserver:
    """Questions to the webserver at one address."""

    def __init__(self, url: str, **headers: str) -> None:
        self.url = url
        self._headers = headers

    def info(self) -> dict[str, str]:
        """What /server_info says; empty while nothing listens."""
        try:
            request = urllib.request.Request(f"{self.url}/server_info", headers=self._headers)  # noqa: S310
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                return dict(json.load(answer))
        except OSError:
            return {}

    def ask(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Content-Type": "application/json", **self._headers}
        request = urllib.request.Request(f"{self.url}/graphql", body, headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            told = json.load(answer)
        assert "errors" not in told, told["errors"]
        return told["data"]

    def report(self, asset: str, version: str) -> None:
        """Tell of a new data version of an asset that Dagster does not make."""
        body = json.dumps({"data_version": version}).encode()
        headers = {"Content-Type": "application/json", **self._headers}
        url = f"{self.url}/report_asset_observation/{asset}"
        urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60).close()  # noqa: S310

    def launch_job(self, job: str, *, location: str = "house_prices") -> str:
        """Launch a job; gives the run's id."""
        return self._launch({"pipelineName": job, "repositoryLocationName": location})

    def materialize(self, *assets: list[str]) -> str:
        """What the button "Materialize" does: the hidden job of all assets, and their checks with them."""
        return self._launch(
            {"pipelineName": "__ASSET_JOB", "assetSelection": [{"path": path} for path in assets]}
        )

    def _launch(self, selector: dict[str, Any]) -> str:
        params = {"selector": {**LOCATION, **selector}, "mode": "default", "runConfigData": {}}
        told = self.ask(_LAUNCH, params=params)["launchRun"]
        assert told["__typename"] == "LaunchRunSuccess", told
        return str(told["run"]["runId"])

    def wait_for_run(self, run_id: str, *, seconds: float = 120) -> str:
        """How a run ended: SUCCESS, FAILURE or CANCELED. The webserver may be away for a while."""

        def ended() -> str | None:
            try:
                status = self.ask(_RUN, id=run_id)["runOrError"]["status"]
            except OSError:
                return None
            return status if status in ("SUCCESS", "FAILURE", "CANCELED") else None

        return wait_for(ended, seconds=seconds, otherwise=f"run {run_id} goes on after {seconds} s")

    def runs(self, job: str) -> list[dict[str, Any]]:
        """A job's runs, newest first, each with its tags as a mapping."""
        results = self.ask(_RUNS, filter={"pipelineName": job})["runsOrError"]["results"]
        return [{**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in results]

    def ticks(self, sensor: str) -> list[dict[str, Any]]:
        """A sensor's ticks, newest first."""
        found = self.ask(_TICKS, sensor={**LOCATION, "sensorName": sensor})["sensorOrError"]
        assert found["__typename"] == "Sensor", found
        return list(found["sensorState"]["ticks"])

    def check(self, asset: list[str], name: str) -> dict[str, Any]:
        """The newest execution of an asset check."""
        return dict(self.ask(_CHECKS, asset={"path": asset}, name=name)["assetCheckExecutions"][0])

    def materialized(self, asset: list[str]) -> dict[str, Any]:
        """The run and the metadata of the newest materialization."""
        found = self.ask(_MATERIALIZED, asset={"path": asset})["assetOrError"]["assetMaterializations"][0]
        entries = {
            entry["label"]: next(value for name, value in entry.items() if name != "label")
            for entry in found["metadataEntries"]
            if len(entry) > 1
        }
        return {"run": found["runId"], **entries}

    def failures(self, run_id: str) -> str:
        """What the failed steps of a run said. The webserver may be away for a while."""

        def told() -> str | None:
            try:
                events = self.ask(_FAILURES, id=run_id)["runOrError"]["eventConnection"]["events"]
            except OSError:
                return None
            return "\n".join(event["error"]["message"] for event in events if event)

        return wait_for(told, seconds=60, otherwise=f"run {run_id} says nothing of a failure")
