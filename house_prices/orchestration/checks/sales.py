"""Checks of cleaned and split sales."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import pandas as pd

from house_prices.contract.schema import Contract, plain
from house_prices.errors import RegistryError
from house_prices.orchestration.assets.metadata import key
from house_prices.orchestration.checks.results import Checks, selected, warning
from house_prices.orchestration.resources import Folders
from house_prices.registry import Registry
from house_prices.sales import clean, split
from house_prices.sales.columns import HOLDOUT, PART, PROPERTY, TRAIN
from house_prices.training import diagnostics

MOST_LOST = 0.2
"""Share of the sales that cleaning may reject before a person should look."""

SANITY = {
    "feature_dominance": "No feature alone prices almost as well as all do.",
    "exact_law": "The prices have noise, as real ones do.",
    "holdout_drift": "The features of the holdout are like those of the training sales.",
}
"""What each check of the split sales states."""


def clean_sales_checks(contract: Contract) -> Checks:
    """What cleaning did. Only a null in a required column stops the run; the rest warn."""
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
        yield from selected(context, results)

    return checks


def _row_loss(read: int, kept: int, asset: dg.AssetKey) -> dg.AssetCheckResult:
    lost = 1 - kept / read
    return warning("row_loss", asset, lost <= MOST_LOST, {"read": read, "kept": kept, "lost_share": lost})


def _violations(rejected: Mapping[str, int], asset: dg.AssetKey) -> dg.AssetCheckResult:
    broken = {why: n for why, n in rejected.items() if clean.is_violation(why)}
    return warning("contract_violations", asset, not broken, {"sales": sum(broken.values()), **broken})


def _duplicates(read: int, rejected: Mapping[str, int], asset: dg.AssetKey) -> dg.AssetCheckResult:
    twice = rejected.get(clean.DUPLICATE, 0)
    share = twice / read
    return warning("duplicates", asset, share <= MOST_LOST, {"duplicates": twice, "share": share})


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
        return warning("drift", asset, False, {"champion": str(error)})
    outside = {
        name: f"{plain(float(sales[name].min()))} to {plain(float(sales[name].max()))}, "
        f"the champion saw {plain(low)} to {plain(high)}"
        for name, (low, high) in ranges.items()
        if name in sales and (sales[name].min() < low or sales[name].max() > high)
    }
    against = {"champion": champion.version} if champion else {}
    facts = {**against, "features_outside": len(outside), **outside}
    return warning("drift", asset, not outside, facts)


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
            description=_about_shared(shared, contract) if len(shared) else _about_equal(together),
            metadata={"shared_sales": len(shared), "equal_sales_in_one_part": together},
        )

    return no_sale_in_two_parts


def _about_equal(together: int) -> str:
    if not together:
        return "No two sales are equal in every feature, the price and the date."
    return f"{together} sales equal another in every feature, the price and the date, and are in its part."


def _about_shared(shared: pd.DataFrame, contract: Contract) -> str:
    """What was found, where, and what to do."""
    prices = ", ".join(f"{price:g}" for price in shared[contract.target.name].head(3))
    keys = ""
    if PROPERTY in shared:
        keys = f", of the properties {', '.join(shared[PROPERTY].astype(str).head(3))}"
    return (
        f"{len(shared)} holdout sales equal a training sale in every feature, the price and the date, such "
        f"as those at {prices}{keys}. The split keeps equal sales together: materialize splits again."
    )


def sanity_checks(contract: Contract) -> Checks:
    """What to know before a model is trained on these sales. They only warn."""
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
        yield from selected(context, results)

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
