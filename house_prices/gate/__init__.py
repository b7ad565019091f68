"""The gate: whether a candidate may serve.

A rule is a function from an evaluation and the contract's thresholds to a result. To add one, write the
function and add a line to RULES: it becomes an asset check, and the promotion sensor waits for it.
"""

from collections.abc import Callable, Mapping

from house_prices.contract.schema import Gate
from house_prices.evaluation.evaluation import Evaluation
from house_prices.gate import absolute, relative, serving, time
from house_prices.gate.decision import GateDecision, Outcome, RuleResult

__all__ = ["RULES", "GateDecision", "Outcome", "RuleResult", "decide"]

RULES: Mapping[str, Callable[[Evaluation, Gate], RuleResult]] = {
    "parity": absolute.parity,
    "floors": absolute.floors,
    "beats_baseline": absolute.beats_baseline,
    "median_ratio": absolute.median_ratio,
    "interval_coverage": absolute.interval_coverage,
    "by_month": time.by_month,
    "against_champion": relative.against_champion,
    "slices": relative.slices,
    "interval_width": relative.interval_width,
    "fresh_holdout": relative.fresh_holdout,
    "reference_date": time.reference_date,
    "api_compatibility": relative.api_compatibility,
    "served_prices": serving.served_prices,
    "served_errors": serving.served_errors,
    "served_speed": serving.served_speed,
    "served_size": serving.served_size,
}
"""Every rule by the name of its asset check. The rule's docstring is the check's description."""


def decide(evaluation: Evaluation, gate: Gate) -> GateDecision:
    """Apply every rule to a candidate's evaluation."""
    return GateDecision(results=tuple(rule(evaluation, gate) for rule in RULES.values()))
