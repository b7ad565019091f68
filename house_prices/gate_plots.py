"""Pictures of what the gate's rules have found, where a person would rather look than read."""

from collections.abc import Callable, Mapping

from house_prices import plots
from house_prices.contract import Gate
from house_prices.steps.evidence import Evidence
from house_prices.steps.gate import relative


def of_rule(rule: str, evidence: Evidence, gate: Gate) -> bytes | None:
    """The PNG of a rule; None where it has none, or nothing was found to draw."""
    draw = PICTURES.get(rule)
    return draw(evidence, gate) if draw else None


def _against_champion(evidence: Evidence, gate: Gate) -> bytes | None:
    rival = evidence.champion
    if rival is None or rival.problem or not rival.sales:
        return None
    median = rival.median_error_ratio - 1
    found = {
        "RMSLE": (rival.estimate, rival.low, rival.high),
        "median error": (median, median, rival.median_error_high - 1),
    }
    limits = {"RMSLE": relative.margin(rival, gate), "median error": gate.median_margin}
    title = f"Against the champion, {rival.sales} sales new to both"
    return plots.differences(title, found, limits, "worse than the champion by; red: allowed")


def _slices(evidence: Evidence, gate: Gate) -> bytes | None:
    rival = evidence.champion
    judged = {
        f"{name} ({one.sales})": (one.estimate, one.low, one.estimate)
        for name, one in ((rival.slices or {}) if rival else {}).items()
        if one.sales >= gate.slice_rows
    }
    if not judged:
        return None
    limits = dict.fromkeys(judged, gate.slice_margin)
    return plots.differences(
        "RMSLE by slice (sales), from its lower bound",
        judged,
        limits,
        "worse than the champion by; red: allowed",
    )


def _coverage(evidence: Evidence, gate: Gate) -> bytes | None:
    found = evidence.interval
    if found is None:
        return None
    judged = {
        f"{name} ({sales})": coverage
        for name, (sales, coverage) in found.slices.items()
        if sales >= gate.slice_rows
    }
    shown = {f"all ({found.sales})": found.coverage, **judged}
    label = f"prices within their {gate.coverage:.0%} interval; red: least in a slice"
    return plots.shares("Coverage of the intervals by slice (sales)", shown, gate.slice_coverage, label)


PICTURES: Mapping[str, Callable[[Evidence, Gate], bytes | None]] = {
    "against_champion": _against_champion,
    "slices": _slices,
    "interval_coverage": _coverage,
}
