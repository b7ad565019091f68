"""What a rule says, and what all of them say together."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """A rule's answer."""

    PASS = "pass"  # noqa: S105  # no password
    """Kept: nothing stands against promotion."""
    HOLD = "hold"
    """Not decided by the numbers: a person promotes or rejects, with a reason."""
    FAIL = "fail"
    """Broken: the candidate is rejected."""


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """One rule's answer with its reasons."""

    rule: str
    """The function's name, and the asset check's."""
    outcome: Outcome
    sentence: str
    """What was found, and against what it was held."""
    numbers: Mapping[str, float]
    """What the sentence rests on, thresholds included."""
    details: Mapping[str, str] | None = None
    """Longer evidence by name, such as the request that failed and the server's log."""

    @property
    def passed(self) -> bool:
        """Whether nothing stands against promotion."""
        return self.outcome is Outcome.PASS


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The gate's answer."""

    rulings: tuple[Ruling, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of the rules' answers."""
        outcomes = {ruling.outcome for ruling in self.rulings}
        return next(one for one in (Outcome.FAIL, Outcome.HOLD, Outcome.PASS) if one in outcomes)

    @property
    def passed(self) -> bool:
        """Whether the candidate may be promoted without a person."""
        return self.outcome is Outcome.PASS

    @property
    def reasons(self) -> tuple[str, ...]:
        """A sentence for each rule that does not pass; empty where all do."""
        return tuple(
            f"{ruling.rule}: {ruling.sentence}"
            for ruling in self.rulings
            if ruling.outcome is not Outcome.PASS
        )


def passes(kept: bool) -> Outcome:
    """PASS where a rule is kept, FAIL where it is broken."""
    return Outcome.PASS if kept else Outcome.FAIL
