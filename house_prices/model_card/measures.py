"""Metrics and ratio-study figures with what they mean, in the order in which a person asks for them."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from house_prices.evaluation.evaluation import Evaluation
from house_prices.evaluation.ratio_study import Figure
from house_prices.model_card.view import ConfidenceInterval, Kind, Measure, Ratio, Slice


class _Metric(NamedTuple):
    label: str
    meaning: str
    kind: Kind
    higher_is_better: bool = False


_METRICS: Mapping[str, _Metric] = {
    "rmsle": _Metric("RMSLE", "Error of the logarithm of the price; large ones weigh more.", "figure"),
    "mdape": _Metric("MdAPE", "Half of the prices are off by less than this.", "share"),
    "mape": _Metric("MAPE", "Mean relative error.", "share"),
    "ppe10": _Metric("PPE10", "Prices that are off by at most 10%.", "share", True),
    "ppe20": _Metric("PPE20", "Prices that are off by at most 20%.", "share", True),
    "mae": _Metric("MAE", "Mean absolute error.", "price"),
    "rmse": _Metric("RMSE", "Root of the mean squared error.", "price"),
    "r2": _Metric("R²", "Share of the variance of prices that is explained.", "figure", True),
    "mse": _Metric("MSE", "Mean squared error.", "figure"),
}

_RATIOS: Mapping[str, tuple[str, str, float, float]] = {
    "median_ratio": ("Median ratio", "Predicted over actual price: above 1 is too dear.", 0.9, 1.1),
    "cod": ("COD", "Mean distance of the ratios from their median, in percent of it.", 5, 15),
    "prd": ("PRD", "Above 1 where dear houses are priced too low beside cheap ones.", 0.98, 1.03),
    "prb": (
        "PRB",
        "How the ratio changes as the value doubles: below 0, dear houses seem too cheap.",
        -0.05,
        0.05,
    ),
}
"""Label, meaning, and the range that the industry's standard calls good."""


_SPELLINGS: Mapping[str, str] = {
    **{name: metric.label for name, metric in _METRICS.items()},
    **{name: name.upper() for name in ("api", "cod", "mb", "prb", "prd")},
}


def named(name: str) -> str:
    """A name as words in which abbreviations have their own spelling: champion RMSLE."""
    return " ".join(_SPELLINGS.get(word, word) for word in name.split("_"))


def measures(
    found: Evaluation, intervals: Mapping[str, ConfidenceInterval], champion: Mapping[str, float]
) -> Iterator[Measure]:
    """Every metric of the holdout; an unknown one comes last, under its own name."""
    known = [name for name in _METRICS if name in found.metrics]
    for name in dict.fromkeys((*known, *found.metrics)):
        metric = _METRICS.get(name, _Metric(name, "", "figure"))
        yield Measure(
            name=name,
            **metric._asdict(),
            value=found.metrics[name],
            interval=intervals.get(name),
            cross_validation=found.cross_validation.get(name),
            baseline=found.baseline.get(name),
            champion=champion.get(name),
        )


def ratios(study: Mapping[str, Figure]) -> Iterator[Ratio]:
    """The figures of the ratio study."""
    for name, (label, meaning, low, high) in _RATIOS.items():
        if name in study:
            found = study[name]
            yield Ratio(
                label=label,
                meaning=meaning,
                value=found.value,
                interval=ConfidenceInterval(low=found.low, high=found.high),
                good=ConfidenceInterval(low=low, high=high),
            )


def slices(found: Evaluation) -> Iterator[Slice]:
    """The holdout's slices, from labels such as `roof = gable` or `price fifth 1`."""
    covered = found.interval.slices if found.interval else {}
    for label, metrics in found.slices.items():
        group, _, value = label.partition(" = ")
        _, coverage = covered.get(label, (0, None))
        yield Slice(
            group=group if value else "",
            value=value or label,
            sales=int(metrics["rows"]),
            metrics=metrics,
            coverage=coverage,
        )
