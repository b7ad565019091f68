"""The gate's answer and the comparison with the champion, as the card shows them."""

from house_prices import gate
from house_prices.evaluation.evaluation import Evidence, Rival
from house_prices.gate import Ruling
from house_prices.model_card.view import Beside, Interval, Outcome, Rule, SliceBeside

_OUTCOMES: dict[gate.Outcome, Outcome] = {
    gate.Outcome.PASS: "pass",
    gate.Outcome.HOLD: "hold",
    gate.Outcome.FAIL: "fail",
}


def outcome(of: gate.Outcome) -> Outcome:
    """The gate's word as the card's."""
    return _OUTCOMES[of]


def rule(ruling: Ruling) -> Rule:
    """A ruling with the question that its rule asks."""
    asks = gate.RULES.get(ruling.rule)
    return Rule(
        name=ruling.rule,
        outcome=outcome(ruling.outcome),
        sentence=ruling.sentence,
        numbers=ruling.numbers,
        question=(asks.__doc__ or "").strip() if asks else "",
        details={name: text for name, text in (ruling.details or {}).items() if text},
    )


def beside(found: Evidence) -> Beside | None:
    """The champion beside the candidate; None where there was none."""
    rival = found.champion
    if rival is None:
        return None
    return Beside(
        version=rival.version,
        problem=rival.problem,
        sales=rival.sales,
        difference=rival.estimate,
        bounds=Interval(low=rival.low, high=rival.high),
        alpha=rival.alpha,
        same_sales=rival.sales == len(found.actual),
        newer_data=rival.newer_data,
        slices=_slices(rival),
    )


def _slices(rival: Rival) -> tuple[SliceBeside, ...]:
    return tuple(
        SliceBeside(name=name, sales=one.sales, difference=one.estimate, low=one.low)
        for name, one in (rival.slices or {}).items()
    )
