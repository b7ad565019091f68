"""The gate: whether a candidate may serve.

A rule is a function from evidence and thresholds to a ruling. A new one is one more line in RULES; it becomes
an asset check of its own, and the promotion sensor asks for it.
"""

from collections.abc import Callable, Mapping

from house_prices.contract.schema import Gate
from house_prices.evaluation.evaluation import Evidence
from house_prices.gate import absolute, relative, serving
from house_prices.gate.decision import Outcome, Ruling, Verdict

__all__ = ["RULES", "Outcome", "Ruling", "Verdict", "judge"]

RULES: Mapping[str, Callable[[Evidence, Gate], Ruling]] = {
    "parity": absolute.parity,
    "floors": absolute.floors,
    "beats_dummy": absolute.beats_dummy,
    "median_ratio": absolute.median_ratio,
    "interval_coverage": absolute.interval_coverage,
    "against_champion": relative.against_champion,
    "slices": relative.slices,
    "interval_width": relative.interval_width,
    "fresh_holdout": relative.fresh_holdout,
    "api_compatibility": relative.api_compatibility,
    "served_prices": serving.served_prices,
    "served_errors": serving.served_errors,
    "served_speed": serving.served_speed,
    "served_size": serving.served_size,
}
"""Every rule by the name of its asset check. A rule's docstring is what the check's reader is told."""


def judge(evidence: Evidence, gate: Gate) -> Verdict:
    """Hold a candidate's evidence against every rule."""
    return Verdict(rulings=tuple(rule(evidence, gate) for rule in RULES.values()))
