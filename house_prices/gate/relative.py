"""Rules that hold the candidate against the champion, on sales that neither was trained on."""

from house_prices.contract.schema import Gate
from house_prices.evaluation import bootstrap
from house_prices.evaluation.evaluation import Evidence, Rival
from house_prices.gate.decision import Outcome, Ruling, passes

SMALL_HOLDOUT = 2000
"""With fewer sales than this, the margin is the wider one."""
FAMILY_ALPHA = 0.05
"""Chance of rejecting a candidate for a slice when it is worse in none."""


def against_champion(evidence: Evidence, gate: Gate) -> Ruling:
    """The candidate prices better than the champion, or no worse and it has learnt from newer sales."""
    rival = evidence.champion
    if rival is None:
        return _alone("against_champion")
    if rival.sha256 == evidence.sha256:
        return _ruling("against_champion", Outcome.PASS, "The candidate is the champion's own file.", {})
    if rival.problem:
        sentence = (
            f"The champion, version {rival.version}, cannot price this holdout: {rival.problem}. "
            "Compare them yourself, then promote or reject by hand."
        )
        return _ruling("against_champion", Outcome.HOLD, sentence, {})
    if rival.sales < gate.rows:
        sentence = (
            f"{rival.sales} holdout sales are new to both models; {gate.rows} are needed to compare them."
        )
        return _ruling("against_champion", Outcome.HOLD, sentence, {"sales": rival.sales})
    outcome, finding = _compared(rival, gate)
    sentence = (
        f"{finding} RMSLE is {rival.estimate:+.1%} of the champion's, version {rival.version}, on "
        f"{rival.sales} sales: between {rival.low:+.1%} and {rival.high:+.1%} at level {rival.alpha:.2g}, "
        f"no worse means at most {margin(rival, gate):+.0%}. MdAPE is {rival.median_error_ratio - 1:+.1%}, "
        f"at most {rival.median_error_high - 1:+.1%}, allowed {gate.median_margin:+.0%}."
    )
    numbers = {
        "difference": rival.estimate,
        "low": rival.low,
        "high": rival.high,
        "alpha": rival.alpha,
        "margin": margin(rival, gate),
        "median_error_ratio": rival.median_error_ratio,
        "median_error_high": rival.median_error_high,
        "sales": rival.sales,
    }
    return _ruling("against_champion", outcome, sentence, numbers)


def _compared(rival: Rival, gate: Gate) -> tuple[Outcome, str]:
    """Many sales tell a difference that does not matter: newer data outweighs one within the margins."""
    no_worse = rival.high <= margin(rival, gate) and rival.median_error_high <= 1 + gate.median_margin
    if rival.high < 0:
        return Outcome.PASS, "Superior."
    if no_worse and rival.newer_data:
        return Outcome.PASS, "Not inferior, and trained on newer data."
    if rival.low > 0:
        return Outcome.FAIL, "Inferior."
    if no_worse:
        return Outcome.HOLD, "Not inferior, but trained on the same data: nothing speaks for a change."
    return Outcome.HOLD, "The sales cannot tell the two apart well enough."


def margin(rival: Rival, gate: Gate) -> float:
    """How much worse still counts as no worse, as a share of the champion's RMSLE."""
    return gate.small_margin if rival.sales < SMALL_HOLDOUT else gate.margin


def slices(evidence: Evidence, gate: Gate) -> Ruling:
    """In no slice of the market is the candidate much worse than the champion."""
    rival = evidence.champion
    if rival is None or rival.problem or not rival.slices:
        return _alone("slices")
    tested = {name: one for name, one in rival.slices.items() if one.sales >= gate.slice_rows}
    worse = bootstrap.holm({name: one.p_value for name, one in tested.items()}, FAMILY_ALPHA)
    found = "".join(
        f" In {name}, {tested[name].sales} sales, it is {tested[name].estimate:+.1%} "
        f"(at least {tested[name].low:+.1%})."
        for name in worse
    )
    return _ruling(
        "slices",
        passes(not worse),
        f"RMSLE is more than {gate.slice_margin:.0%} worse than the champion's in {len(worse)} of "
        f"{len(tested)} slices with {gate.slice_rows} sales or more (Holm's test at 0.05).{found}",
        {"slices": len(tested), "worse": len(worse)} | {f"{n}": one.estimate for n, one in tested.items()},
    )


def interval_width(evidence: Evidence, gate: Gate) -> Ruling:
    """The intervals say no less than the champion's."""
    mine, rival = evidence.interval, evidence.champion
    if mine is None or rival is None or not rival.median_width:
        return _alone("interval_width")
    ratio = mine.median_width / rival.median_width
    return _ruling(
        "interval_width",
        passes(ratio <= gate.width),
        f"The median interval is {mine.median_width:.1%} of the price wide, {ratio:.3f} of the champion's; "
        f"allowed: {gate.width:g}.",
        {"width": mine.median_width, "champion_width": rival.median_width, "ratio": ratio},
    )


def fresh_holdout(evidence: Evidence, gate: Gate) -> Ruling:
    """The holdout has not been asked so often that passing it is luck."""
    used_up = evidence.evaluations > gate.evaluations
    return _ruling(
        "fresh_holdout",
        Outcome.HOLD if used_up else Outcome.PASS,
        f"{evidence.evaluations} candidates have been judged on this holdout; after {gate.evaluations} it "
        "must be another: add newer sales, or change the split.",
        {"evaluations": evidence.evaluations, "allowed": gate.evaluations},
    )


def api_compatibility(evidence: Evidence, _: Gate) -> Ruling:
    """Clients of the champion's typed API can go on."""
    rival = evidence.champion
    broken = rival.api_breaks if rival else ()
    advice = " Raise api_version in the contract, or take it back." if broken else ""
    said = " ".join(broken) or "Clients of the champion's typed API can go on."
    return _ruling("api_compatibility", passes(not broken), said + advice, {"breaks": len(broken)})


def _alone(rule: str) -> Ruling:
    return _ruling(rule, Outcome.PASS, "There is no other champion to compare with.", {})


def _ruling(rule: str, outcome: Outcome, sentence: str, numbers: dict[str, float]) -> Ruling:
    return Ruling(rule=rule, outcome=outcome, sentence=sentence, numbers=numbers)
