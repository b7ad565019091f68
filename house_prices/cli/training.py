"""One training in this process, told step by step while it works."""

import logging
import re
import threading
import time
import uuid
import warnings
from collections.abc import Mapping
from typing import Any

import click
import dagster as dg

from house_prices.cli import open_files
from house_prices.cli.alive import EVERY_SECONDS
from house_prices.cli.home import Home
from house_prices.contract.schema import METRICS, Contract
from house_prices.gate.advice import promote_anyway
from house_prices.orchestration import definitions
from house_prices.orchestration.automation import promotion
from house_prices.orchestration.resources import Folders
from house_prices.registry import Champion, Outcome

warnings.filterwarnings("ignore", category=dg.BetaWarning)  # Dagster warns of parameters that it sets itself

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_POLL_SECONDS = 0.2


def train(home: Home, contract: Contract) -> int:
    """Materialize every asset of the market, print each with its checks, and return the candidate's version.

    Raises ClickException if a step fails, or if the gate does not pass the candidate.
    """
    with dg.DagsterInstance.get() as instance:
        progress = _Progress(instance, contract)
        job = definitions.build(home.path).resolve_job_def(f"{contract.name}_training")
        with open_files.kept(instance, progress.run_id), progress:
            result = job.execute_in_process(
                instance=instance, run_id=progress.run_id, run_config=_QUIET, raise_on_error=False
            )
    if not result.success:
        raise click.ClickException(progress.failure or "The training failed; see the run in Dagster's UI.")
    if progress.rejected:
        raise click.ClickException(
            _refusal("is not promoted", progress.version, progress.rejected, contract, rejected=True)
        )
    if progress.needs_review:
        raise click.ClickException(
            _refusal("needs review", progress.version, progress.needs_review, contract, rejected=False)
        )
    return progress.version


def promote(home: Home, contract: Contract) -> Champion:
    """Evaluate the market's promotion sensor and run the job that it asks for, and return the champion.

    The daemon does the same in processes of its own, which take longer to start than the promotion. Raises
    ClickException if the sensor asks for nothing, or if the job fails.
    """
    built, name = definitions.build(home.path), f"{contract.name}_promotion_sensor"
    resources = {"folders": Folders(home=str(home.path))}
    with (
        dg.DagsterInstance.get() as instance,
        dg.build_sensor_context(instance, resources=resources) as context,
    ):
        asked = built.resolve_sensor_def(name).evaluate_tick(context)
        for request in asked.run_requests or []:
            result = built.resolve_job_def(promotion.name(contract)).execute_in_process(
                instance=instance,
                run_config={**request.run_config, **_QUIET},
                tags={**request.tags, promotion.SENSOR_TAG: name},
                raise_on_error=False,
            )
            if not result.success:
                raise click.ClickException("The promotion failed; see the run in Dagster's UI.")
    champion = home.registry.champion(contract.name)
    if champion is None or not asked.run_requests:
        raise click.ClickException(f"Nothing is promoted: {asked.skip_message}")
    return champion


def _refusal(what: str, version: int, reasons: list[str], contract: Contract, *, rejected: bool) -> str:
    """Each rule that stands against a version, and how to let it serve anyway."""
    return "\n".join(
        [
            f"Version {version} {what}:",
            *(f"  {reason}" for reason in reasons),
            f"Settings are in data/{contract.name}/contract.toml. To let it serve as it is, for a reason "
            "that the audit log keeps:",
            f"  {promote_anyway(contract.name, version, rejected=rejected)}",
        ]
    )


class _Progress:
    """Prints a run's events while it is running, from its own thread."""

    def __init__(self, instance: dg.DagsterInstance, contract: Contract) -> None:
        self.run_id = str(uuid.uuid4())
        self.version = 0
        self.rejected: list[str] = []
        self.needs_review: list[str] = []
        self.failure = ""
        self._instance = instance
        self._contract = contract
        self._step = ""
        self._told = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _follow(self) -> None:
        cursor = None
        while True:
            last = self._over.wait(_POLL_SECONDS)
            page = self._instance.get_records_for_run(self.run_id, cursor)
            cursor = page.cursor
            for record in page.records:
                entry = record.event_log_entry
                if entry.dagster_event is not None:
                    self._tell(entry.dagster_event)
                elif int(entry.level) >= logging.INFO:
                    self._say(f"      {entry.user_message}")
            if last:
                return
            if time.monotonic() - self._told >= EVERY_SECONDS and self._step:
                self._say(f"      still at {self._step}")

    def _say(self, line: str) -> None:
        click.echo(line)
        self._told = time.monotonic()

    def _tell(self, event: dg.DagsterEvent) -> None:
        if event.is_step_start and event.step_key:
            step = event.step_key.removeprefix(f"{self._contract.name}__")
            if step in _LINES:
                self._step = step
                self._say(f"  {step} ...")
        elif event.is_step_materialization:
            self._tell_asset(event.materialization)
        elif event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            self._tell_check(event.asset_check_evaluation_data)
        elif event.is_step_failure:
            error = event.step_failure_data.error
            cause = error.cause if error and error.cause else error
            self.failure = f"{event.step_key} failed: {_words(cause.message) if cause else 'see the run'}"

    def _tell_asset(self, made: dg.AssetMaterialization) -> None:
        name = made.asset_key.path[-1]
        facts: dict[str, Any] = {key: value.value for key, value in made.metadata.items()}
        for line in _LINES[name](facts):
            self._say(f"      {line}")
        if name == "candidate_model":
            self.version = int(facts["version"])

    def _tell_check(self, check: Any) -> None:
        gate = check.asset_key.path[-1] == "metrics"
        facts = {key: value.value for key, value in check.metadata.items()}
        why = check.description or ", ".join(f"{key} {_short(value)}" for key, value in facts.items())
        word, color = _mark(check, facts)
        self._say(f"      {click.style(f'{word:<6}', fg=color)}  {check.check_name}: {why}")
        if gate and word in ("failed", "review"):
            (self.needs_review if word == "review" else self.rejected).append(f"{check.check_name}: {why}")


def _words(message: str) -> str:
    """An error's message; that of our own errors without the class, which it needs no help of."""
    return re.sub(r"^house_prices\.errors\.\w+: ", "", message.strip())


def _mark(check: Any, facts: Mapping[str, Any]) -> tuple[str, str]:
    """A word for a check's result, and its color."""
    if check.passed:
        return "passed", "green"
    if check.severity is not dg.AssetCheckSeverity.WARN:
        return "failed", "red"
    if facts.get("outcome") == Outcome.NOT_APPLIED:
        return "note", "yellow"
    return ("review" if check.asset_key.path[-1] == "metrics" else "warns"), "yellow"


def _raw_lines(facts: Mapping[str, Any]) -> list[str]:
    return [f"{facts['dagster/row_count']} sales read"]


def _clean_lines(facts: Mapping[str, Any]) -> list[str]:
    rows = str(facts["rejects_by_reason"]).splitlines()[2:]
    reasons = [" ".join(row.strip("| ").split(" | ")[::-1]) for row in rows]
    counts = f"{facts['dagster/row_count']} kept, {facts['rejected']} rejected"
    return [counts, *(f"  {reason}" for reason in reasons)]


def _split_lines(facts: Mapping[str, Any]) -> list[str]:
    parts = ", ".join(f"{part} {facts[part]}" for part in ("train", "calibration", "holdout"))
    return [f"by {facts['split_by']}: {parts}"]


def _fitted_lines(facts: Mapping[str, Any]) -> list[str]:
    given = ", ".join(f"{key}={value}" for key, value in facts["parameters"].items())
    method = facts.get("time_adjustment")
    return [
        f"{facts['estimator']}({given}), fitted on {facts['fitted_on']} sales",
        *([f"time adjustment: {method}"] if method else []),
        f"in cross-validation on {facts['compared_on']}: {_metrics(facts, 'cv_')}",
    ]


def _candidate_lines(facts: Mapping[str, Any]) -> list[str]:
    return [f"version {facts['version']}, {facts['bytes']} bytes of ONNX, sha256 {facts['sha256'][:12]}"]


def _metrics_lines(facts: Mapping[str, Any]) -> list[str]:
    return [f"on the holdout: {_metrics(facts, '')}"]


def _card_lines(facts: Mapping[str, Any]) -> list[str]:
    return [str(facts["path"])]


def _metrics(facts: Mapping[str, Any], prefix: str) -> str:
    return ", ".join(f"{name} {facts[prefix + name]:.4g}" for name in METRICS)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


_LINES = {
    "raw_sales": _raw_lines,
    "clean_sales": _clean_lines,
    "splits": _split_lines,
    "fitted_pipeline": _fitted_lines,
    "candidate_model": _candidate_lines,
    "metrics": _metrics_lines,
    "model_card": _card_lines,
}
