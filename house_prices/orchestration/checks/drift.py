"""What served houses say of the champion."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import pandas as pd

from house_prices.contract.schema import Contract
from house_prices.monitoring.in_life import Finding
from house_prices.orchestration.assets.metadata import key
from house_prices.orchestration.checks.in_life import result
from house_prices.orchestration.checks.results import Checks, selected
from house_prices.registry import Outcome

CHECKS = {
    "input_drift": "Served houses are like those that the champion was trained on.",
    "price_drift": "The champion's prices are like those that it gives the training sales.",
}


def served_drift_checks(contract: Contract) -> Checks:
    """Checks of the champion, by the limits in the contract's [monitoring]."""
    asset = key(contract, "served_drift")
    specs = [dg.AssetCheckSpec(name, asset=asset, description=what) for name, what in CHECKS.items()]

    @dg.multi_asset_check(
        name=f"{contract.name}_served_drift_checks",
        specs=specs,
        ins={"served_drift": dg.AssetIn(asset)},
        can_subset=True,
    )
    def checks(
        context: dg.AssetCheckExecutionContext, served_drift: pd.DataFrame
    ) -> Iterator[dg.AssetCheckResult]:
        facts: Mapping[Any, Any] = served_drift.attrs
        found = {
            "input_drift": _inputs(served_drift, contract),
            "price_drift": _price(served_drift, contract),
        }
        version = int(facts["version"])
        yield from selected(context, [result(name, one, asset, version) for name, one in found.items()])

    return checks


def _inputs(frame: pd.DataFrame, contract: Contract) -> Finding:
    facts, limits = frame.attrs, contract.monitoring
    if early := _too_early(frame, contract):
        return early
    features = frame.iloc[: -1 if facts["price"] is not None else None]
    moved = features[features["drifted"]]
    names = ", ".join(
        f"{name} {distance:.2f}" for name, distance in moved[["feature", "distance"]].head(8).values
    )
    outcome = Outcome.PASS if moved.empty else Outcome.NEEDS_REVIEW
    if len(moved) and facts["share"] >= limits.drift_share:
        outcome = Outcome.FAIL
    sentence = (
        f"{len(moved)} of {len(features)} features have moved by {limits.drift:g} or more: {names}. From "
        f"{limits.drift_share:.0%} of them on this fails."
        if len(moved)
        else f"No feature of {facts['houses']} served houses has moved by {limits.drift:g} or more."
    )
    return Finding(outcome=outcome, sentence=sentence, numbers={"drifted_share": facts["share"]})


def _price(frame: pd.DataFrame, contract: Contract) -> Finding:
    if early := _too_early(frame, contract):
        return early
    distance = frame.attrs["price"]
    if distance is None:
        return _nothing("The champion has priced none of these houses.")
    return Finding(
        outcome=Outcome.NEEDS_REVIEW if frame.attrs["price_drifted"] else Outcome.PASS,
        sentence=f"Served prices are {distance:.2f} from those of the training sales; less than "
        f"{contract.monitoring.drift:g}, or what may be chance, is fine.",
        numbers={"distance": distance},
    )


def _too_early(frame: pd.DataFrame, contract: Contract) -> Finding | None:
    if "why_not" in frame.attrs:
        return _nothing(str(frame.attrs["why_not"]))
    if frame.attrs["houses"] < contract.monitoring.rows:
        return _nothing(
            f"{frame.attrs['houses']} served houses; from {contract.monitoring.rows} on they are judged."
        )
    return None


def _nothing(sentence: str) -> Finding:
    return Finding(outcome=Outcome.NOT_APPLIED, sentence=sentence, numbers={})
