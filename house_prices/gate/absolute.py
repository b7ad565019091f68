"""Rules that look at the candidate alone."""

import math

from house_prices.contract.schema import Gate
from house_prices.evaluation.evaluation import Evaluation
from house_prices.gate.decision import RuleResult, not_applied, passes

MEDIAN_RATIO = (0.90, 1.10)
MEDIAN_RATIO_GOOD = (0.97, 1.03)


def parity(evaluation: Evaluation, gate: Gate) -> RuleResult:
    """The ONNX file gives the prices that scikit-learn gives."""
    return RuleResult(
        rule="parity",
        outcome=passes(evaluation.parity <= gate.parity),
        sentence=(
            f"ONNX and scikit-learn differ by at most {evaluation.parity:.1e} of the price "
            f"on {evaluation.parity_rows} houses; allowed: {gate.parity:.1e}."
        ),
        numbers={"difference": evaluation.parity, "allowed": gate.parity, "houses": evaluation.parity_rows},
    )


def floors(evaluation: Evaluation, gate: Gate) -> RuleResult:
    """The holdout metrics stay within the contract's floors and ceilings."""
    if not gate.floors and not gate.ceilings:
        return not_applied("floors", "the contract sets no floor and no ceiling")
    found = evaluation.metrics
    low = [name for name, floor in gate.floors.items() if not found[name] >= floor]
    high = [name for name, ceiling in gate.ceilings.items() if not found[name] <= ceiling]
    limits = [f"{name} {found[name]:.4g} (at least {floor:g})" for name, floor in gate.floors.items()]
    limits += [f"{name} {found[name]:.4g} (at most {top:g})" for name, top in gate.ceilings.items()]
    return RuleResult(
        rule="floors",
        outcome=passes(not low and not high),
        sentence=f"On the holdout: {', '.join(limits)}.",
        numbers={name: found[name] for name in (*gate.floors, *gate.ceilings)},
    )


def beats_baseline(evaluation: Evaluation, gate: Gate) -> RuleResult:
    """The model does much better than answering the median price."""
    mine, baseline = evaluation.metrics["rmsle"], evaluation.baseline["rmsle"]
    allowed = baseline * (1 - gate.baseline_margin)
    return RuleResult(
        rule="beats_baseline",
        outcome=passes(mine <= allowed),
        sentence=(
            f"RMSLE {mine:.4g}; answering the median price gives {baseline:.4g}; "
            f"allowed: {allowed:.4g}, {gate.baseline_margin:.0%} better."
        ),
        numbers={"rmsle": mine, "baseline_rmsle": baseline, "allowed": allowed},
    )


def median_ratio(evaluation: Evaluation, _: Gate) -> RuleResult:
    """Houses are priced too high as often as too low."""
    found = evaluation.ratio_study["median_ratio"]
    (low, high), (good_low, good_high) = MEDIAN_RATIO, MEDIAN_RATIO_GOOD
    remark = "" if good_low <= found.value <= good_high else f", good: {good_low} to {good_high}"
    return RuleResult(
        rule="median_ratio",
        outcome=passes(low <= found.value <= high),
        sentence=(
            f"The median of predicted / actual is {found.value:.4f} "
            f"({found.low:.4f} to {found.high:.4f}); allowed: {low:.2f} to {high:.2f}{remark}."
        ),
        numbers={
            f"{name}{end}": value
            for name, figure in evaluation.ratio_study.items()
            for end, value in (("", figure.value), ("_low", figure.low), ("_high", figure.high))
        },
    )


def interval_coverage(evaluation: Evaluation, gate: Gate) -> RuleResult:
    """Enough prices lie within their intervals, overall and in every slice."""
    found = evaluation.interval
    if found is None:
        return not_applied(
            "interval_coverage", "the model gives no intervals, which few sales cannot calibrate"
        )
    least = gate.coverage - 2 * math.sqrt(gate.coverage * (1 - gate.coverage) / found.sales)
    narrow = {
        name: coverage
        for name, (sales, coverage) in found.slices.items()
        if sales >= gate.slice_rows and coverage < gate.slice_coverage
    }
    low = "".join(f" In {name} it is {coverage:.3f}." for name, coverage in narrow.items())
    return RuleResult(
        rule="interval_coverage",
        outcome=passes(found.coverage >= least and not narrow),
        sentence=(
            f"{found.coverage:.3f} of {found.sales} prices lie within their interval; allowed: at least "
            f"{least:.3f}, and {gate.slice_coverage:.2f} in every slice.{low}"
        ),
        numbers={"coverage": found.coverage, "allowed": least, "sales": found.sales},
    )
