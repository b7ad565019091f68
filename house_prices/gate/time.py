"""Rules about the dates of the sales. They don't apply to a market whose sales have none."""

from house_prices.contract.schema import Gate
from house_prices.evaluation.evaluation import Evaluation
from house_prices.gate.absolute import MEDIAN_RATIO
from house_prices.gate.decision import Outcome, RuleResult, not_applied, passes


def by_month(evaluation: Evaluation, gate: Gate) -> RuleResult:
    """In each month of the holdout, prices are neither too high nor too low, and intervals hold."""
    judged = {name: month for name, month in evaluation.months.items() if month.sales >= gate.slice_rows}
    if not judged:
        why = f"no month of the holdout has {gate.slice_rows} sales" if evaluation.months else "no dates"
        return not_applied("by_month", why)
    low, high = MEDIAN_RATIO
    biased = {name: m.median_ratio for name, m in judged.items() if not low <= m.median_ratio <= high}
    narrow = {
        name: m.coverage
        for name, m in judged.items()
        if m.coverage is not None and m.coverage < gate.slice_coverage
    }
    ratios = [month.median_ratio for month in judged.values()]
    found = "".join(f" In {name} it is {ratio:.3f}." for name, ratio in biased.items())
    for name, held in narrow.items():
        found += f" In {name} intervals hold {held:.3f} of the prices."
    return RuleResult(
        rule="by_month",
        outcome=passes(not biased and not narrow),
        sentence=(
            f"In {len(judged)} months of {gate.slice_rows} sales or more, the median of predicted / actual "
            f"is {min(ratios):.3f} to {max(ratios):.3f}; allowed: {low:.2f} to {high:.2f}, and in each at "
            f"least {gate.slice_coverage:.2f} of the prices within their interval.{found}"
        ),
        numbers={
            "median_ratio_lowest": min(ratios),
            "median_ratio_highest": max(ratios),
            **{
                f"{what}_{name.replace('-', '_')}": value
                for name, month in judged.items()
                for what, value in (("median_ratio", month.median_ratio), ("coverage", month.coverage))
                if value is not None
            },
        },
    )


def reference_date(evaluation: Evaluation, _: Gate) -> RuleResult:
    """The candidate's prices are as of no earlier a date than the champion's."""
    mine, comparison = evaluation.reference_date, evaluation.champion
    if comparison is None or comparison.sha256 == evaluation.sha256:
        return not_applied("reference_date", "there is no other champion")
    theirs = comparison.reference_date
    if mine is None or theirs is None:
        which = "the candidate's prices" if mine is None else "the champion's prices"
        return not_applied("reference_date", f"{which} are as of no date")
    days = (mine - theirs).days
    return RuleResult(
        rule="reference_date",
        outcome=Outcome.NEEDS_REVIEW if days < 0 else Outcome.PASS,
        sentence=(
            f"The candidate's prices are as of {mine}, {abs(days)} days {'before' if days < 0 else 'after'} "
            "the champion's. For the comparison, both priced each house as of the day of its sale."
        ),
        numbers={"days": days},
    )
