"""How the markets stand, as Prometheus metrics: read anew at each scrape."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pandas as pd
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from house_prices.contract.schema import Contract
from house_prices.monitoring import in_life, served, standing
from house_prices.orchestration import check_results
from house_prices.orchestration.resources import Folders
from house_prices.registry import IN_LIFE, Champion

PREFIX = "house_prices_"


class Standing(Collector):
    """Collects the metrics of some markets."""

    def __init__(self, home: Path, contracts: Iterable[Contract], instance: dg.DagsterInstance) -> None:
        self._folders = Folders(home=str(home))
        self._contracts = list(contracts)
        self._instance = instance

    def collect(self) -> Iterator[Metric]:
        """Every metric, of every market."""
        families: dict[str, Metric] = {}
        for contract in self._contracts:
            for name, help_, labels, value in self._of_market(contract):
                kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
                if name not in families:
                    families[name] = kind(f"{PREFIX}{name}", help_, labels=["market", *labels])
                families[name].add_metric([contract.name, *labels.values()], value)  # type: ignore[attr-defined]
        yield from families.values()

    def _of_market(self, contract: Contract) -> "Iterator[Sample]":
        registry, market = self._folders.registry, contract.name
        events = [str(entry.get("event")) for entry in registry.history(market)]
        for event in ("promotion", "rollback", "rejection"):
            yield f"{event}s_total", f"Each {event} so far.", {}, float(events.count(event))
        decisions = [decision.outcome.value for decision in registry.decisions(market).values()]
        for outcome in ("pass", "needs_review", "fail"):
            told = "Candidates by the gate's decision."
            yield "decisions_total", told, {"outcome": outcome}, float(decisions.count(outcome))
        waiting = len(list(standing.waiting(registry, market)))
        yield "candidates_waiting", "Candidates that a person has to decide on.", {}, float(waiting)
        if since := standing.sales_since(registry, market):
            yield "sales_age_seconds", "Since there were new sales.", {}, 86_400 * standing.age_days(since)
        yield from self._served(market)
        if champion := registry.champion(market):
            yield from self._champion(contract, champion)

    def _served(self, market: str) -> "Iterator[Sample]":
        log = self._folders.predictions(market)
        waiting = sum(file.stat().st_size for file in log.glob("*.jsonl"))
        yield "log_bytes", "Of the prediction log, not yet moved.", {}, float(waiting)
        if days := served.days(self._folders.served(market)):
            newest = datetime.combine(date.fromisoformat(days[-1]), datetime.min.time(), UTC)
            yield "served_day_timestamp_seconds", "Start of the newest day moved.", {}, newest.timestamp()

    def _champion(self, contract: Contract, champion: Champion) -> "Iterator[Sample]":
        label = {"version": str(champion.version)}
        age = standing.age_days(datetime.fromisoformat(champion.promoted_at)) * 86_400
        yield "champion_age_seconds", "Since its promotion.", label, age
        path = self._folders.registry.version(contract.name, champion.version).folder / IN_LIFE
        if path.is_file():
            yield from _live(in_life.from_json(path.read_bytes()), label)
        for name, check in check_results.latest(self._instance, contract).items():
            if check.version == champion.version:
                yield (
                    "check_passed",
                    "1 if the champion's newest check did.",
                    {"check": name},
                    float(check.passed),
                )
        yield from self._drift(contract, champion)

    def _drift(self, contract: Contract, champion: Champion) -> "Iterator[Sample]":
        path = Path(self._folders.home, "storage", "assets", contract.name, "served_drift.parquet")
        if not path.is_file():
            return
        frame = pd.read_parquet(path)
        if frame.attrs.get("version") != champion.version or "share" not in frame.attrs:
            return
        yield "drifted_share", "Share of the features that have drifted.", {}, float(frame.attrs["share"])
        for name, distance in frame[["feature", "distance"]].itertuples(index=False, name=None):
            yield (
                "drift_distance",
                "From the training sales, 0 to 1.",
                {"feature": str(name)},
                float(distance),
            )


Sample = tuple[str, str, dict[str, str], float]
"""Name, help, labels and value."""


def _live(found: in_life.InLife, label: dict[str, str]) -> Iterator[Sample]:
    yield "realised_sales", "Sales that the champion had priced.", label, float(found.sales)
    for name in ("mdape", "rmsle"):
        if name in found.metrics:
            yield f"live_{name}", f"{name} on realised sales.", label, found.metrics[name]
        if name in found.promised:
            yield f"holdout_{name}", f"{name} that the gate measured.", label, found.promised[name]
    if found.coverage is not None:
        yield "live_coverage", "Share of sold prices within their interval.", label, found.coverage
        yield "promised_coverage", "Share that the intervals promise.", label, found.promised_coverage
