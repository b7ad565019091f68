"""Plots in check and asset metadata, each from a few arrays to the bytes of a PNG."""

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from house_prices.contract.schema import Gate
from house_prices.evaluation.evaluation import Evaluation
from house_prices.gate import relative
from house_prices.monitoring.drift import FeatureDrift
from house_prices.monitoring.profile import Categories, Numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Prices = NDArray[np.float64]
_INK, _ACCENT = "#1f3a5f", "#d1495b"
_THOUSANDS = "{x:,.0f}"
_MOST_FEATURES = 20
_MOST_ROWS = 20


def price_distribution(prices: Prices, unit: str) -> bytes:
    """A histogram of the prices between their 0.5th and 99.5th percentiles."""
    figure, axes = _canvas("Price distribution")
    low, high = np.percentile(prices, [0.5, 99.5])
    axes.hist(np.clip(prices, low, high), bins=60, color=_INK)
    axes.set_xlabel(_with_unit("price", unit))
    axes.xaxis.set_major_formatter(_THOUSANDS)
    axes.set_ylabel("sales")
    return _png(figure)


def feature_importance(importance: Mapping[str, float]) -> bytes:
    """How much RMSLE grows when a feature is shuffled, the largest on top."""
    figure, axes = _canvas("Feature importance")
    shown = list(importance.items())[:_MOST_FEATURES][::-1]
    axes.barh([name for name, _ in shown], [growth for _, growth in shown], color=_INK)
    axes.set_xlabel("growth of RMSLE when shuffled")
    return _png(figure)


def differences(
    title: str, found: Mapping[str, tuple[float, float, float]], limits: Mapping[str, float], label: str
) -> bytes:
    """Each estimate between its bounds, the largest on top, and the limit for it."""
    figure, axes = _canvas(title)
    shown = sorted(found.items(), key=lambda one: one[1][0])[-_MOST_ROWS:]
    for place, (name, (estimate, low, high)) in enumerate(shown):
        axes.plot([low, high], [place, place], color=_INK, linewidth=2, solid_capstyle="butt")
        axes.plot(estimate, place, marker="o", color=_INK)
        axes.plot(limits[name], place, marker="|", markersize=18, markeredgewidth=2, color=_ACCENT)
    axes.set_yticks(range(len(shown)), [name for name, _ in shown])
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.axvline(0, color="grey", linewidth=0.8)
    axes.xaxis.set_major_formatter("{x:.1%}")
    axes.set_xlabel(label)
    return _png(figure)


def shares(title: str, found: Mapping[str, float], least: float, label: str) -> bytes:
    """A bar for each share, the smallest on top, and the least that is allowed."""
    figure, axes = _canvas(title)
    shown = sorted(found.items(), key=lambda one: -one[1])[-_MOST_ROWS:]
    colors = [_INK if share >= least else _ACCENT for _, share in shown]
    axes.barh([name for name, _ in shown], [share for _, share in shown], color=colors)
    axes.axvline(least, color=_ACCENT, linewidth=1.5)
    axes.set_xlim(max(0.0, min(least, *found.values()) - 0.1), 1)
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.set_xlabel(label)
    return _png(figure)


def drift(found: FeatureDrift, unit: str) -> bytes:
    """A feature in training and as it is served: distribution functions, or shares of each choice."""
    figure, axes = _canvas(f"{found.name}: distance {found.distance:.2f}", size=(4.2, 2.8), dpi=90)
    axes.title.set_color(_ACCENT if found.drifted else "black")
    both = (("training", found.training, _INK), ("served", found.served, _ACCENT))
    choices = sorted({name for _, of, _ in both if isinstance(of, Categories) for name in of.counts})
    for at, (label, of, color) in enumerate(both):
        if isinstance(of, Numbers):
            below = of.missing + (1 - of.missing) * np.array(of.below)
            axes.step(of.edges, below, where="post", label=label, color=color)
            axes.set_xlabel(_with_unit(found.name, unit))
            axes.set_ylabel("share at most, or missing")
        else:
            total = max(sum(of.counts.values()), 1)
            shares = [of.counts.get(name, 0) / total for name in choices]
            axes.barh(np.arange(len(choices)) + 0.4 * at, shares, height=0.4, label=label, color=color)
            axes.set_yticks(np.arange(len(choices)) + 0.2, [name or "missing" for name in choices])
    axes.legend(frameon=False, fontsize="small")
    return _png(figure)


def _with_unit(what: str, unit: str) -> str:
    return f"{what} ({unit})" if unit else what


def _canvas(title: str, size: tuple[float, float] = (7, 4.2), dpi: int = 110) -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure  # loaded by the first plot, not with the definitions

    figure = Figure(figsize=size, dpi=dpi, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: "Figure") -> bytes:
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def of_rule(rule: str, evaluation: Evaluation, gate: Gate) -> bytes | None:
    """The plot of a rule; None if it has none, or there is nothing to draw."""
    draw = PICTURES.get(rule)
    return draw(evaluation, gate) if draw else None


def _against_champion(evaluation: Evaluation, gate: Gate) -> bytes | None:
    comparison = evaluation.champion
    if comparison is None or comparison.problem or not comparison.sales:
        return None
    median = comparison.median_error_ratio - 1
    found = {
        "RMSLE": (comparison.estimate, comparison.low, comparison.high),
        "median error": (median, median, comparison.median_error_high - 1),
    }
    limits = {"RMSLE": relative.margin(comparison, gate), "median error": gate.median_margin}
    title = f"Against the champion, {comparison.sales} sales new to both"
    return differences(title, found, limits, "worse than the champion by; red: allowed")


def _slices(evaluation: Evaluation, gate: Gate) -> bytes | None:
    comparison = evaluation.champion
    judged = {
        f"{name} ({one.sales})": (one.estimate, one.low, one.estimate)
        for name, one in ((comparison.slices or {}) if comparison else {}).items()
        if one.sales >= gate.slice_rows
    }
    if not judged:
        return None
    limits = dict.fromkeys(judged, gate.slice_margin)
    return differences(
        "RMSLE by slice (sales), from its lower bound",
        judged,
        limits,
        "worse than the champion by; red: allowed",
    )


def _coverage(evaluation: Evaluation, gate: Gate) -> bytes | None:
    found = evaluation.interval
    if found is None:
        return None
    judged = {
        f"{name} ({sales})": coverage
        for name, (sales, coverage) in found.slices.items()
        if sales >= gate.slice_rows
    }
    shown = {f"all ({found.sales})": found.coverage, **judged}
    label = f"prices within their {gate.coverage:.0%} interval; red: least in a slice"
    return shares("Coverage of the intervals by slice (sales)", shown, gate.slice_coverage, label)


PICTURES: Mapping[str, Callable[[Evaluation, Gate], bytes | None]] = {
    "against_champion": _against_champion,
    "slices": _slices,
    "interval_coverage": _coverage,
}
