"""What the checks of several rooms share."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg

Checks = dg.AssetChecksDefinition


def selected(
    context: dg.AssetCheckExecutionContext, results: Iterable[dg.AssetCheckResult]
) -> Iterator[dg.AssetCheckResult]:
    """The results of the checks that were selected: in the UI a person may execute one of several."""
    names = {check.name for check in context.selected_asset_check_keys}
    return (result for result in results if result.check_name in names)


def warning(name: str, asset: dg.AssetKey, passed: bool, facts: Mapping[str, Any]) -> dg.AssetCheckResult:
    """The result of a check that never blocks."""
    return dg.AssetCheckResult(
        check_name=name,
        asset_key=asset,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=dict(facts),
    )
