"""What realised sales say of the champion."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from house_prices.contract.schema import Contract
from house_prices.monitoring import in_life
from house_prices.monitoring.in_life import Finding
from house_prices.orchestration.assets.metadata import key
from house_prices.orchestration.checks.results import Checks, selected
from house_prices.orchestration.resources import Folders
from house_prices.registry import Outcome

CHECKS = {
    "live_error": "The champion's error on realised sales is near that of the holdout.",
    "live_coverage": "The champion's intervals hold as many sold prices as they promise.",
}


def realised_sales_checks(contract: Contract) -> Checks:
    """Checks of the champion, by the limits in the contract's [monitoring]."""
    asset = key(contract, "realised_sales")
    specs = [dg.AssetCheckSpec(name, asset=asset, description=what) for name, what in CHECKS.items()]

    @dg.multi_asset_check(
        name=f"{contract.name}_realised_sales_checks",
        specs=specs,
        ins={"realised_sales": dg.AssetIn(asset)},
        can_subset=True,
    )
    def checks(
        context: dg.AssetCheckExecutionContext, realised_sales: pd.DataFrame, folders: Folders
    ) -> Iterator[dg.AssetCheckResult]:
        champion = folders.registry.champion(contract.name)
        version = champion.version if champion else 0
        joined = realised_sales[realised_sales["version"] == version].reset_index(drop=True)
        decision = folders.registry.decisions(contract.name).get(version)
        promised = {version: decision.metrics} if decision else {}
        if joined.empty:
            nothing = Finding(
                outcome=Outcome.NOT_APPLIED,
                sentence="No house that the champion priced has sold.",
                numbers={},
            )
            found = dict.fromkeys(CHECKS, nothing)
        else:
            life = in_life.by_version(joined, contract, promised)[version]
            found = dict(in_life.findings(joined, life, contract))
        yield from selected(context, [result(name, one, asset, version) for name, one in found.items()])

    return checks


def result(name: str, found: Finding, asset: dg.AssetKey, version: int) -> dg.AssetCheckResult:
    """A finding in Dagster's words."""
    fails = found.outcome is Outcome.FAIL
    return dg.AssetCheckResult(
        check_name=name,
        asset_key=asset,
        passed=found.outcome in (Outcome.PASS, Outcome.NOT_APPLIED),
        severity=dg.AssetCheckSeverity.ERROR if fails else dg.AssetCheckSeverity.WARN,
        description=found.sentence,
        metadata={"outcome": found.outcome.value, "version": version, **found.numbers},
    )
