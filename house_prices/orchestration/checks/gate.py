"""The gate's rules as asset checks of the metrics."""

from collections.abc import Iterator

import dagster as dg

from house_prices import gate
from house_prices.contract.schema import Contract
from house_prices.evaluation.evaluation import Evaluation
from house_prices.model_card import time_charts
from house_prices.orchestration import plots
from house_prices.orchestration.assets.metadata import chart, key, picture
from house_prices.orchestration.checks.results import Checks, selected
from house_prices.orchestration.resources import InferenceServer


def gate_checks(contract: Contract) -> Checks:
    """A check for each rule. The sensor promotes only a candidate that passes all of them."""
    asset = key(contract, "metrics")
    specs = [
        dg.AssetCheckSpec(name, asset=asset, description=rule.__doc__) for name, rule in gate.RULES.items()
    ]

    @dg.multi_asset_check(
        name=f"{contract.name}_gate", specs=specs, ins={"metrics": dg.AssetIn(asset)}, can_subset=True
    )
    def checks(
        context: dg.AssetCheckExecutionContext, metrics: Evaluation, server: InferenceServer
    ) -> Iterator[dg.AssetCheckResult]:
        decision = gate.decide(metrics, contract.gate)
        card = server.card(contract, metrics.version)
        results = [
            _result(result, metrics, asset, card, _pictures(result.rule, metrics, contract))
            for result in decision.results
        ]
        yield from selected(context, results)

    return checks


def _pictures(rule: str, metrics: Evaluation, contract: Contract) -> dict[str, dg.MetadataValue]:
    if rule == "by_month":
        drawn = time_charts.of_months(metrics.months, contract.gate)
        return {one.title.lower().replace(" ", "_"): chart(one) for one in drawn}
    plot = plots.of_rule(rule, metrics, contract.gate)
    return {"plot": picture(plot)} if plot else {}


def _result(
    result: gate.RuleResult,
    metrics: Evaluation,
    asset: dg.AssetKey,
    card: str,
    pictures: dict[str, dg.MetadataValue],
) -> dg.AssetCheckResult:
    """A rule's result and the version it is about, which the promotion sensor compares with its own.

    A rule that was not applied is a warning, the nearest that Dagster has to a note; `outcome` tells the
    sensor.
    """
    noted = result.outcome in (gate.Outcome.NEEDS_REVIEW, gate.Outcome.NOT_APPLIED)
    details = {
        name: dg.MetadataValue.md(f"```\n{text}\n```") for name, text in (result.details or {}).items()
    }
    return dg.AssetCheckResult(
        check_name=result.rule,
        asset_key=asset,
        passed=result.outcome is gate.Outcome.PASS,
        severity=dg.AssetCheckSeverity.WARN if noted else dg.AssetCheckSeverity.ERROR,
        description=" ".join(filter(None, [result.sentence, result.advice])),
        metadata={
            "outcome": result.outcome.value,
            **result.numbers,
            **details,
            **pictures,
            "model_card": dg.MetadataValue.url(card),
            "version": metrics.version,
            "sha256": metrics.sha256,
        },
    )
