"""The newest results of the checks that are about the champion."""

from dataclasses import dataclass

import dagster as dg

from house_prices.contract.schema import Contract
from house_prices.orchestration.assets.metadata import key
from house_prices.orchestration.checks import drift, in_life

OF = {"realised_sales": tuple(in_life.CHECKS), "served_drift": tuple(drift.CHECKS)}
"""Those checks, by asset."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One execution of a check."""

    passed: bool
    fails: bool
    """Rather than warns, if it did not pass."""
    version: int
    """The champion then."""
    description: str


def latest(instance: dg.DagsterInstance, contract: Contract) -> dict[str, Result]:
    """By the check's name; those that were never executed are left out."""
    found = {}
    for asset, names in OF.items():
        for name in names:
            check = dg.AssetCheckKey(key(contract, asset), name)
            record = instance.get_latest_asset_check_evaluation_record(check)
            evaluation = record.event.asset_check_evaluation if record and record.event else None
            if evaluation is None:
                continue
            found[name] = Result(
                passed=evaluation.passed,
                fails=evaluation.severity is dg.AssetCheckSeverity.ERROR,
                version=int(str(evaluation.metadata["version"].value)),
                description=evaluation.description or f"{name} did not pass.",
            )
    return found
