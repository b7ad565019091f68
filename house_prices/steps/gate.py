"""The gate: whether a candidate may serve. A rule is a function from evidence to a ruling."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from house_prices.contract import Gate
from house_prices.steps.evaluate import Evaluation


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """One rule's answer."""

    rule: str
    passed: bool
    sentence: str
    """What was found, and against what it was held."""
    numbers: Mapping[str, float]
    """What the sentence rests on."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The gate's answer with its reasons."""

    rulings: tuple[Ruling, ...]

    @property
    def passed(self) -> bool:
        """Whether every rule is kept."""
        return all(ruling.passed for ruling in self.rulings)

    @property
    def reasons(self) -> tuple[str, ...]:
        """A sentence for each rule that is broken; empty where the candidate passed."""
        return tuple(ruling.sentence for ruling in self.rulings if not ruling.passed)


def judge(evidence: Evaluation, gate: Gate) -> Verdict:
    """Hold a candidate's evidence against every rule."""
    return Verdict(rulings=tuple(rule(evidence, gate) for rule in RULES.values()))


def _parity(evidence: Evaluation, gate: Gate) -> Ruling:
    return Ruling(
        rule="parity",
        passed=evidence.parity <= gate.parity,
        sentence=(
            f"ONNX and scikit-learn differ by at most {evidence.parity:.1e} of the price "
            f"on {evidence.parity_rows} houses; allowed: {gate.parity:.1e}."
        ),
        numbers={"difference": evidence.parity, "allowed": gate.parity, "houses": evidence.parity_rows},
    )


def _floors(evidence: Evaluation, gate: Gate) -> Ruling:
    low = [name for name, floor in gate.floors.items() if not evidence.metrics[name] >= floor]
    high = [name for name, ceiling in gate.ceilings.items() if not evidence.metrics[name] <= ceiling]
    limits = [
        f"{name} {evidence.metrics[name]:.4g} (at least {floor:g})" for name, floor in gate.floors.items()
    ]
    limits += [
        f"{name} {evidence.metrics[name]:.4g} (at most {top:g})" for name, top in gate.ceilings.items()
    ]
    return Ruling(
        rule="floors",
        passed=not low and not high,
        sentence=f"On the holdout: {', '.join(limits) or 'the contract sets no limit'}.",
        numbers={name: evidence.metrics[name] for name in (*gate.floors, *gate.ceilings)},
    )


def _beats_dummy(evidence: Evaluation, _: Gate) -> Ruling:
    mine, dummy = evidence.metrics["rmsle"], evidence.dummy["rmsle"]
    return Ruling(
        rule="beats_dummy",
        passed=mine < dummy,
        sentence=f"RMSLE {mine:.4g}; answering the median price to every house gives {dummy:.4g}.",
        numbers={"rmsle": mine, "dummy_rmsle": dummy},
    )


def _not_worse_than_champion(evidence: Evaluation, gate: Gate) -> Ruling:
    """A difference within what parity allows is none: two exact models differ by rounding alone."""
    mine, rival = evidence.metrics["rmsle"], evidence.champion
    if rival is None:
        passed, sentence, numbers = True, "There is no champion to compare with.", {"rmsle": mine}
    elif rival.metrics is None:
        passed, numbers = False, {"rmsle": mine}
        sentence = (
            f"The champion, version {rival.version}, cannot price this holdout: {rival.problem}. "
            "Compare them yourself, then promote by hand."
        )
    else:
        theirs = rival.metrics["rmsle"]
        passed = mine <= theirs * (1 + gate.margin) + gate.parity
        sentence = (
            f"RMSLE {mine:.4g}; the champion, version {rival.version}, has {theirs:.4g} on the same sales; "
            f"allowed: {gate.margin:.1%} worse."
        )
        numbers = {"rmsle": mine, "champion_rmsle": theirs, "margin": gate.margin}
    return Ruling(rule="not_worse_than_champion", passed=passed, sentence=sentence, numbers=numbers)


RULES: Mapping[str, Callable[[Evaluation, Gate], Ruling]] = {
    "parity": _parity,
    "floors": _floors,
    "beats_dummy": _beats_dummy,
    "not_worse_than_champion": _not_worse_than_champion,
}
"""Every rule by the name of its asset check."""
