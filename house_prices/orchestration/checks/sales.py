"""Asset checks: what a person wants to know of cleaned sales, and the gate's rules on a candidate."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from house_prices import gate, model_card
from house_prices.contract.schema import Contract, plain
from house_prices.errors import RegistryError
from house_prices.evaluation import evaluate
from house_prices.evaluation.evaluation import Evidence
from house_prices.orchestration import plots
from house_prices.orchestration.assets.metadata import key, picture
from house_prices.orchestration.checks import served
from house_prices.orchestration.resources import Folders
from house_prices.registry import Registry
from house_prices.sales import clean, split
from house_prices.sales.columns import HOLDOUT, PART, PROPERTY, TRAIN
from house_prices.training import diagnostics

MOST_LOST = 0.2
"""Share of the sales that cleaning may refuse before a person should look."""

SANITY = {
    "feature_dominance": "No feature alone prices almost as well as all do.",
    "exact_law": "The prices have noise, as real ones do.",
    "holdout_drift": "The features of the holdout are like those of the training sales.",
}
"""What is asked of sales before a model is trained on them."""

Checks = dg.AssetChecksDefinition


def of_market(contract: Contract) -> list[Checks]:
    """One market's checks."""
    return [
        clean_sales_checks(contract),
        splits_checks(contract),
        sanity_checks(contract),
        gate_checks(contract),
        served.champion_checks(contract),
    ]


def clean_sales_checks(contract: Contract) -> Checks:
    """What cleaning did. Only a null where none may be stops the run; the rest warns."""
    asset = key(contract, "clean_sales")
    specs = [
        dg.AssetCheckSpec("row_loss", asset=asset, description="Cleaning keeps most of the sales."),
        dg.AssetCheckSpec(
            "contract_violations", asset=asset, description="Every raw sale is within the contract."
        ),
        dg.AssetCheckSpec("duplicates", asset=asset, description="Few sales are written twice."),
        dg.AssetCheckSpec(
            "nulls", asset=asset, blocking=True, description="Required features are never empty."
        ),
        dg.AssetCheckSpec(
            "drift", asset=asset, description="Sales lie within what the champion was trained on."
        ),
    ]

    @dg.multi_asset_check(
        name=f"{contract.name}_clean_sales_checks",
        specs=specs,
        ins={"clean_sales": dg.AssetIn(asset)},
        can_subset=True,
    )
    def checks(
        context: dg.AssetCheckExecutionContext, clean_sales: pd.DataFrame, folders: Folders
    ) -> Iterator[dg.AssetCheckResult]:
        facts: Mapping[Any, Any] = clean_sales.attrs
        rejected: dict[str, int] = facts["rejected"]
        results = [
            _row_loss(facts["read"], facts["kept"], asset),
            _violations(rejected, asset),
            _duplicates(facts["read"], rejected, asset),
            _nulls(clean_sales, contract, asset),
            _drift(clean_sales, contract, folders.registry, asset),
        ]
        yield from _asked_for(context, results)

    return checks


def _asked_for(
    context: dg.AssetCheckExecutionContext, results: Iterable[dg.AssetCheckResult]
) -> Iterator[dg.AssetCheckResult]:
    """In the UI a person may execute one check of several."""
    asked = {check.name for check in context.selected_asset_check_keys}
    return (result for result in results if result.check_name in asked)


def _row_loss(read: int, kept: int, asset: dg.AssetKey) -> dg.AssetCheckResult:
    lost = 1 - kept / read
    return _warning("row_loss", asset, lost <= MOST_LOST, {"read": read, "kept": kept, "lost_share": lost})


def _violations(rejected: Mapping[str, int], asset: dg.AssetKey) -> dg.AssetCheckResult:
    broken = {why: n for why, n in rejected.items() if clean.is_violation(why)}
    return _warning("contract_violations", asset, not broken, {"sales": sum(broken.values()), **broken})


def _duplicates(read: int, rejected: Mapping[str, int], asset: dg.AssetKey) -> dg.AssetCheckResult:
    twice = rejected.get(clean.DUPLICATE, 0)
    share = twice / read
    return _warning("duplicates", asset, share <= MOST_LOST, {"duplicates": twice, "share": share})


def _nulls(sales: pd.DataFrame, contract: Contract, asset: dg.AssetKey) -> dg.AssetCheckResult:
    full = [f.name for f in contract.features if f.required or f.missing is not None]
    empty = {name: int(sales[name].isna().sum()) for name in (*full, contract.target.name)}
    broken = {name: count for name, count in empty.items() if count}
    return dg.AssetCheckResult(
        check_name="nulls",
        asset_key=asset,
        passed=not broken,
        metadata={"columns": len(empty), "empty_cells": sum(broken.values()), **broken},
    )


def _drift(
    sales: pd.DataFrame, contract: Contract, registry: Registry, asset: dg.AssetKey
) -> dg.AssetCheckResult:
    try:
        champion = registry.champion(contract.name)
        ranges = registry.version(contract.name, champion.version).manifest.ranges if champion else {}
    except RegistryError as error:
        return _warning("drift", asset, False, {"champion": str(error)})
    outside = {
        name: f"{plain(float(sales[name].min()))} to {plain(float(sales[name].max()))}, "
        f"the champion saw {plain(low)} to {plain(high)}"
        for name, (low, high) in ranges.items()
        if name in sales and (sales[name].min() < low or sales[name].max() > high)
    }
    against = {"champion": champion.version} if champion else {}
    facts = {**against, "features_outside": len(outside), **outside}
    return _warning("drift", asset, not outside, facts)


def _warning(name: str, asset: dg.AssetKey, passed: bool, facts: Mapping[str, Any]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        asset_key=asset,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=dict(facts),
    )


def splits_checks(contract: Contract) -> Checks:
    """No sale of the holdout was trained on."""
    asset = key(contract, "splits")

    @dg.asset_check(name="no_sale_in_two_parts", asset=asset, blocking=contract.cleaning.duplicates == "drop")
    def no_sale_in_two_parts(splits: pd.DataFrame) -> dg.AssetCheckResult:
        """No holdout sale is equal to a training sale in every column."""
        equal = split.alike(splits, contract)
        trained = set(equal[splits[PART] == TRAIN])
        shared = splits[(splits[PART] == HOLDOUT) & equal.isin(trained)]
        together = int(equal.duplicated(keep=False).sum()) - len(shared)
        return dg.AssetCheckResult(
            passed=shared.empty,
            description=_said_of_shared(shared, contract) if len(shared) else _said_of_equal(together),
            metadata={"shared_sales": len(shared), "equal_sales_in_one_part": together},
        )

    return no_sale_in_two_parts


def _said_of_equal(together: int) -> str:
    if not together:
        return "No two sales are equal in every feature and the price."
    return (
        f"{together} sales are equal to another in every feature and the price, and in the same part as it."
    )


def _said_of_shared(shared: pd.DataFrame, contract: Contract) -> str:
    """What was found, where, and what to do."""
    prices = ", ".join(f"{price:g}" for price in shared[contract.target.name].head(3))
    keys = ""
    if PROPERTY in shared:
        keys = f", of the properties {', '.join(shared[PROPERTY].astype(str).head(3))}"
    return (
        f"{len(shared)} holdout sales are equal to a training sale in every feature and the price, such as "
        f"those at {prices}{keys}. The split keeps equal sales together: materialize the asset splits again."
    )


def sanity_checks(contract: Contract) -> Checks:
    """What a person should know before a model is trained on these sales. It only warns."""
    asset = key(contract, "splits")
    specs = [dg.AssetCheckSpec(name, asset=asset, description=what) for name, what in SANITY.items()]

    @dg.multi_asset_check(
        name=f"{contract.name}_sanity_checks",
        specs=specs,
        ins={"splits": dg.AssetIn(asset)},
        can_subset=True,
    )
    def checks(context: dg.AssetCheckExecutionContext, splits: pd.DataFrame) -> Iterator[dg.AssetCheckResult]:
        training, holdout = splits[splits[PART] == TRAIN], splits[splits[PART] == HOLDOUT]
        findings = {
            "feature_dominance": diagnostics.dominance(training, contract),
            "exact_law": diagnostics.exact_law(training, contract),
            "holdout_drift": diagnostics.drift(training, holdout, contract),
        }
        results = [_found(name, finding, asset) for name, finding in findings.items()]
        yield from _asked_for(context, results)

    return checks


def _found(name: str, finding: diagnostics.Finding, asset: dg.AssetKey) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        asset_key=asset,
        passed=finding.fine,
        severity=dg.AssetCheckSeverity.WARN,
        description=finding.sentence,
        metadata=dict(finding.numbers),
    )


def gate_checks(contract: Contract) -> Checks:
    """The gate's rules, a check each. The sensor promotes only a candidate that passes all of them."""
    asset = key(contract, "metrics")
    specs = [
        dg.AssetCheckSpec(name, asset=asset, description=rule.__doc__) for name, rule in gate.RULES.items()
    ]

    @dg.multi_asset_check(
        name=f"{contract.name}_gate", specs=specs, ins={"metrics": dg.AssetIn(asset)}, can_subset=True
    )
    def checks(
        context: dg.AssetCheckExecutionContext, metrics: Evidence, folders: Folders
    ) -> Iterator[dg.AssetCheckResult]:
        verdict = gate.judge(metrics, contract.gate)
        said = {"passed": verdict.passed, "outcome": verdict.outcome, "reasons": list(verdict.reasons)}
        facts = {**evaluate.facts(metrics), **said, "run_id": context.run.run_id}
        folders.registry.record(contract.name, "verdict", facts)
        card = model_card.write_report(folders.registry, contract.name, metrics.version, metrics, verdict)
        results = [
            _result(ruling, metrics, asset, card, plots.of_rule(ruling.rule, metrics, contract.gate))
            for ruling in verdict.rulings
        ]
        yield from _asked_for(context, results)

    return checks


def _result(
    ruling: gate.Ruling, metrics: Evidence, asset: dg.AssetKey, card: Path, plot: bytes | None
) -> dg.AssetCheckResult:
    """A ruling with what it is about: the promotion sensor takes no ruling on other files."""
    held = ruling.outcome is gate.Outcome.HOLD
    details = {
        name: dg.MetadataValue.md(f"```\n{text}\n```") for name, text in (ruling.details or {}).items()
    }
    return dg.AssetCheckResult(
        check_name=ruling.rule,
        asset_key=asset,
        passed=ruling.outcome is gate.Outcome.PASS,
        severity=dg.AssetCheckSeverity.WARN if held else dg.AssetCheckSeverity.ERROR,
        description=ruling.sentence,
        metadata={
            "outcome": ruling.outcome.value,
            **ruling.numbers,
            **details,
            **({"plot": picture(plot)} if plot else {}),
            "model_card": dg.MetadataValue.path(str(card)),
            "version": metrics.version,
            "sha256": metrics.sha256,
        },
    )
