"""Rules that compare the candidate with the champion, on sales that neither was trained on."""

import math

from house_prices.contract.schema import Gate
from house_prices.evaluation import bootstrap
from house_prices.evaluation.evaluation import ChampionComparison, Evaluation
from house_prices.gate.decision import Outcome, RuleResult, not_applied, passes

SMALL_HOLDOUT = 2000
"""With fewer sales than this, the margin is the wider one."""
FAMILY_ALPHA = 0.05
"""Chance of rejecting a candidate for a slice when it is worse in none."""


def against_champion(evaluation: Evaluation, gate: Gate) -> RuleResult:
    """The candidate prices better than the champion, or no worse and it was trained on newer sales."""
    comparison = evaluation.champion
    if comparison is None or comparison.sha256 == evaluation.sha256:
        return not_applied("against_champion", _alone(evaluation))
    if comparison.problem:
        sentence = (
            f"The champion, version {comparison.version}, cannot price this holdout: "
            f"{comparison.problem.removesuffix('.')}. Compare them yourself, then promote or reject by hand."
        )
        return _result("against_champion", Outcome.NEEDS_REVIEW, sentence, {})
    if comparison.sales < gate.rows:
        sentence = (
            f"{comparison.sales} holdout sales are new to both models; "
            f"{gate.rows} are needed to compare them."
        )
        return _result("against_champion", Outcome.NEEDS_REVIEW, sentence, {"sales": comparison.sales})
    age = _age(evaluation, comparison)
    outcome, finding = _compared(comparison, gate, age)
    sentence = (
        f"{finding} RMSLE differs by {comparison.estimate:+.1%} from that of the champion, version "
        f"{comparison.version}, on {comparison.sales} sales: between {comparison.low:+.1%} and "
        f"{comparison.high:+.1%} at level {comparison.alpha:.2g}; allowed: at most "
        f"{margin(comparison, gate):+.0%}. MdAPE differs by {comparison.median_error_ratio - 1:+.1%}, at "
        f"most {comparison.median_error_high - 1:+.1%}; allowed: {gate.median_margin:+.0%}."
    )
    if comparison.level is not None:
        sentence += (
            f" The champion knows no dates; with its prices times {comparison.level:.3f}, at the level of "
            f"these sales, the difference would be {comparison.level_estimate:+.1%}."
        )
    if age is not None:
        sentence += f" The champion's prices are as of {age} days earlier."
    numbers = {
        "difference": comparison.estimate,
        "low": comparison.low,
        "high": comparison.high,
        "alpha": comparison.alpha,
        "margin": margin(comparison, gate),
        "median_error_ratio": comparison.median_error_ratio,
        "median_error_high": comparison.median_error_high,
        "sales": comparison.sales,
        **({} if age is None else {"champion_age_days": age}),
    }
    return _result("against_champion", outcome, sentence, numbers)


def _age(evaluation: Evaluation, comparison: ChampionComparison) -> int | None:
    """Days from the champion's reference date to the candidate's; None if one has none, or it is no older."""
    mine, theirs = evaluation.reference_date, comparison.reference_date
    return (mine - theirs).days if mine and theirs and mine > theirs else None


def _compared(comparison: ChampionComparison, gate: Gate, age: int | None) -> tuple[Outcome, str]:
    """On many sales even a negligible difference is certain: newer data outweighs one within the margins.

    On few sales nothing is ever certain: once the champion is old, a candidate that measures within the
    margins takes its place, so that doubt does not keep it for ever.
    """
    no_worse = (
        comparison.high <= margin(comparison, gate) and comparison.median_error_high <= 1 + gate.median_margin
    )
    if comparison.high < 0:
        return Outcome.PASS, "Superior."
    if no_worse and comparison.newer_data:
        return Outcome.PASS, "Not inferior, and trained on newer data."
    if comparison.low > 0:
        return Outcome.FAIL, "Inferior."
    is_near = (
        comparison.estimate <= margin(comparison, gate)
        and comparison.median_error_ratio <= 1 + gate.median_margin
    )
    if is_near and comparison.newer_data and age is not None and age > gate.champion_days:
        return Outcome.PASS, "There are too few sales to tell the two apart, and the champion is old."
    if no_worse:
        return (
            Outcome.NEEDS_REVIEW,
            "Not inferior, but trained on the same data: there is no reason to change.",
        )
    return Outcome.NEEDS_REVIEW, "There are too few sales to tell the two apart."


def margin(comparison: ChampionComparison, gate: Gate) -> float:
    """How much worse still counts as no worse, as a share of the champion's RMSLE."""
    return gate.small_margin if comparison.sales < SMALL_HOLDOUT else gate.margin


def slices(evaluation: Evaluation, gate: Gate) -> RuleResult:
    """The candidate is not much worse than the champion in any slice of the market."""
    comparison = evaluation.champion
    if comparison is None or _alone(evaluation):
        return not_applied("slices", _alone(evaluation))
    compared = (comparison.slices or {}).items()
    tested = {name: one for name, one in compared if one.sales >= gate.slice_rows}
    if not tested:
        return not_applied("slices", f"no slice has {gate.slice_rows} sales that are new to both models")
    worse = bootstrap.holm({name: one.p_value for name, one in tested.items()}, FAMILY_ALPHA)
    found = "".join(
        f" In {name}, {tested[name].sales} sales, it is {tested[name].estimate:+.1%} "
        f"(at least {tested[name].low:+.1%})."
        for name in worse
    )
    return _result(
        "slices",
        passes(not worse),
        f"RMSLE is more than {gate.slice_margin:.0%} worse than the champion's in {len(worse)} of "
        f"{len(tested)} slices with {gate.slice_rows} sales or more (Holm's test at 0.05).{found}",
        {"slices": len(tested), "worse": len(worse)} | {f"{n}": one.estimate for n, one in tested.items()},
    )


def interval_width(evaluation: Evaluation, gate: Gate) -> RuleResult:
    """The intervals are not much wider than the champion's."""
    mine, comparison = evaluation.interval, evaluation.champion
    if comparison is None or _alone(evaluation):
        return not_applied("interval_width", _alone(evaluation))
    if mine is None or not comparison.median_width:
        return not_applied("interval_width", f"{'the champion' if mine else 'the model'} gives no intervals")
    promise = gate.coverage - 2 * math.sqrt(gate.coverage * (1 - gate.coverage) / max(comparison.sales, 1))
    if comparison.coverage is not None and comparison.coverage < promise:
        held = f"the champion's intervals hold only {comparison.coverage:.3f} of the prices"
        return not_applied("interval_width", f"{held}: their width is no measure")
    ratio = mine.median_width / comparison.median_width
    return _result(
        "interval_width",
        passes(ratio <= gate.width),
        f"The median interval is {mine.median_width:.1%} of the price wide, {ratio:.3f} of the champion's; "
        f"allowed: {gate.width:g}.",
        {"width": mine.median_width, "champion_width": comparison.median_width, "ratio": ratio},
    )


def fresh_holdout(evaluation: Evaluation, gate: Gate) -> RuleResult:
    """The holdout has not been used so often that passing it may be luck."""
    used_up = evaluation.evaluations > gate.evaluations
    return _result(
        "fresh_holdout",
        Outcome.NEEDS_REVIEW if used_up else Outcome.PASS,
        f"{evaluation.evaluations} candidates have been evaluated on this holdout; after {gate.evaluations} "
        "it needs to change: add newer sales, or change the split.",
        {"evaluations": evaluation.evaluations, "allowed": gate.evaluations},
    )


def api_compatibility(evaluation: Evaluation, _: Gate) -> RuleResult:
    """Clients of the champion's typed API keep working."""
    comparison = evaluation.champion
    if comparison is None:
        return not_applied("api_compatibility", "there is no champion whose clients could break")
    if comparison.api_breaks is None:
        return not_applied("api_compatibility", comparison.problem)
    broken = comparison.api_breaks
    advice = " Raise api_version in the contract, or undo the change." if broken else ""
    said = " ".join(broken) or "Clients of the champion's typed API keep working."
    return _result("api_compatibility", passes(not broken), said + advice, {"breaks": len(broken)})


def _alone(evaluation: Evaluation) -> str:
    """Why the champion gives nothing to compare with; empty if it does."""
    comparison = evaluation.champion
    if comparison is None:
        return "there is no champion to compare with"
    if comparison.sha256 == evaluation.sha256:
        return "the candidate is the champion's own file"
    if comparison.problem:
        return f"the champion, version {comparison.version}, cannot price this holdout: {comparison.problem}"
    return ""


def _result(rule: str, outcome: Outcome, sentence: str, numbers: dict[str, float]) -> RuleResult:
    return RuleResult(rule=rule, outcome=outcome, sentence=sentence, numbers=numbers)
