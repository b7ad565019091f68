"""What a rule finds, and what the gate decides from all of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from house_prices.gate.advice import SETTINGS
from house_prices.registry import Outcome

__all__ = ["GateDecision", "Outcome", "RuleResult", "passes"]


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    """One rule's outcome with its reasons."""

    rule: str
    """The function's name, and the asset check's."""
    outcome: Outcome
    sentence: str
    """What was found, and what it was compared with."""
    numbers: Mapping[str, float]
    """What the sentence rests on, thresholds included."""
    details: Mapping[str, str] | None = None
    """Longer findings by name, such as the request that failed and the server's log."""

    @property
    def passed(self) -> bool:
        """Whether nothing stands against promotion."""
        return self.outcome in (Outcome.PASS, Outcome.NOT_APPLIED)

    @property
    def advice(self) -> str:
        """What it means that the rule did not pass, and the settings that can change it; empty if it did."""
        return "" if self.passed else SETTINGS.get(self.rule, "")


@dataclass(frozen=True, kw_only=True)
class GateDecision:
    """The rules' results for one candidate, and the outcome they add up to."""

    results: tuple[RuleResult, ...]
    """One for each rule, in the order of `gate.RULES`."""

    @property
    def outcome(self) -> Outcome:
        """The worst of the rules' outcomes. Rules that were not applied have no say."""
        outcomes = {result.outcome for result in self.results}
        worst = (one for one in (Outcome.FAIL, Outcome.NEEDS_REVIEW) if one in outcomes)
        return next(worst, Outcome.PASS)

    @property
    def passed(self) -> bool:
        """Whether the candidate may be promoted without a person."""
        return self.outcome is Outcome.PASS

    @property
    def reasons(self) -> tuple[str, ...]:
        """A sentence for each rule that did not pass; empty if all did."""
        return tuple(f"{result.rule}: {result.sentence}" for result in self.results if not result.passed)


def not_applied(rule: str, why: str) -> RuleResult:
    """The result of a rule that had nothing to compare."""
    return RuleResult(
        rule=rule, outcome=Outcome.NOT_APPLIED, sentence=f"Not applied: {why.removesuffix('.')}.", numbers={}
    )


def passes(kept: bool) -> Outcome:
    """PASS if a rule is kept, FAIL if it is broken."""
    return Outcome.PASS if kept else Outcome.FAIL
