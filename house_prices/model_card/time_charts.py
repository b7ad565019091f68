"""The card's pictures of a market that moves: its index, and how the holdout was priced month by month."""

import math
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import numpy as np

from house_prices.contract.schema import Gate
from house_prices.evaluation.evaluation import Evaluation, Month
from house_prices.gate.absolute import MEDIAN_RATIO
from house_prices.model_card.drawing import Drawing, across, upward
from house_prices.model_card.view import Picture
from house_prices.model_card.wording import change, percent, share
from house_prices.training.time_adjustment import INDEX, TimeAdjustment

_LABELS = 6
_BAND = 1.645
"""Standard deviations to each side that hold 90%."""
_MOST_POINTS = 200
_YEAR_MONTHS = 12


def pictures(found: Evaluation, gate: Gate) -> Iterator[Picture]:
    """Every picture that dates allow; none if the sales have no dates."""
    if found.time and (index := market_index(found.time)):
        yield index
    yield from of_months(found.months, gate)


def of_months(months: Mapping[str, Month], gate: Gate) -> Iterator[Picture]:
    """The pictures of the holdout by month: median ratio, and coverage if there are intervals."""
    if not months:
        return
    yield monthly_ratios(months, gate)
    held = {name: month.coverage for name, month in months.items() if month.coverage is not None}
    if held:
        yield monthly_coverage(held, months, gate)


def market_index(time: TimeAdjustment) -> Picture | None:
    """The price level by day relative to the reference date's, with its band; None without an index."""
    if time.method != INDEX or len(time.level) < 2:
        return None
    some = np.unique(np.linspace(0, len(time.level) - 1, _MOST_POINTS).astype(np.int64))
    months = np.array([_month(_date(time.first + int(at))) for at in some])
    level, error = time.level[some], _BAND * time.error[some]
    middle, low, high = (100 * np.exp(each) for each in (level, level - error, level + error))
    risen = change(math.exp(-float(time.level[0])) - 1)
    told = f"from {_date(time.first)} to {_date(time.reference)} prices changed by {risen}"
    chart = Drawing(
        across(float(months[0]), float(months[-1])),
        upward(float(low.min()) * 0.99, float(high.max()) * 1.01),
        f"Index of the market's price level: {told}.",
    )
    chart.frame("month", f"price level, {_date(time.reference)} = 100", x_words=None, y_words=_plain)
    _month_labels(chart, months[0], months[-1])
    chart.area([*zip(months, low, strict=True), *zip(months[::-1], high[::-1], strict=True)])
    chart.line(months, middle, "line")
    newest = _month(_date(time.last))
    chart.line([newest, newest], [chart.y.low, chart.y.high], "line thin")
    return Picture(
        title="Market index",
        caption=(
            f"Of the same house: {told}. The band holds the level with 90%; right of the upright line, at "
            f"{_date(time.last)}, no sale was known to the model."
        ),
        svg=chart.markup,
    )


def monthly_ratios(months: Mapping[str, Month], gate: Gate) -> Picture:
    """The median of predicted / actual in each month of the holdout, in the range that the gate allows."""
    low, high = MEDIAN_RATIO
    ratios = {name: month.median_ratio for name, month in months.items()}
    judged = [ratios[name] for name in _judged(months, gate)] or list(ratios.values())
    told = f"{min(judged):.3f} to {max(judged):.3f}"
    chart = _by_month(ratios, months, gate, "predicted / actual", f"{{}} by month: {told}.", ends=(low, high))
    return Picture(
        title="Median ratio by month",
        caption=(
            f"The median of predicted / actual in months of {gate.slice_rows} sales or more is {told}; small "
            f"dots are months of fewer. The band is what the gate allows, {low:.2f} to {high:.2f}."
        ),
        svg=chart.markup,
    )


def monthly_coverage(held: Mapping[str, float], months: Mapping[str, Month], gate: Gate) -> Picture:
    """The share of each month's prices within their interval, in the range that the gate allows."""
    judged = [held[name] for name in _judged(months, gate) if name in held] or list(held.values())
    told = f"{share(min(judged))} to {share(max(judged))}"
    chart = _by_month(
        held, months, gate, "prices within", f"{{}} by month: {told}.", ends=(gate.slice_coverage, 1)
    )
    return Picture(
        title="Coverage by month",
        caption=(
            f"Prices within their interval in months of {gate.slice_rows} sales or more: {told}; small dots "
            f"are months of fewer. {percent(gate.coverage)} is promised, the gate allows "
            f"{percent(gate.slice_coverage)} or more."
        ),
        svg=chart.markup,
    )


def _by_month(
    figures: Mapping[str, float],
    months: Mapping[str, Month],
    gate: Gate,
    title: str,
    alt: str,
    *,
    ends: tuple[float, float],
) -> Drawing:
    at = {name: _month(date.fromisoformat(f"{name}-01")) for name in figures}
    low, high = min(*ends, *figures.values()), max(*ends, *figures.values())
    shares = ends[1] == 1
    first, last = min(at.values()) - 0.5, max(at.values()) + 0.5
    chart = Drawing(
        across(first, last),
        upward(low - 0.02, 1 if shares else high + 0.02),
        alt.format(title[:1].upper() + title[1:]),
    )
    chart.frame("month of sale", title, x_words=None, y_words=percent if shares else _two_digits)
    _month_labels(chart, first + 0.5, last - 0.5)
    chart.area([(first, ends[0]), (last, ends[0]), (last, ends[1]), (first, ends[1])])
    promised = gate.coverage if shares else 1.0
    chart.line([first, last], [promised, promised], "line thin")
    large = set(_judged(months, gate))
    few = [name for name in figures if name not in large]
    chart.points(np.array([at[name] for name in few]), np.array([figures[name] for name in few]))
    for name in figures:
        if name in large:
            chart.dot(at[name], figures[name], "dot")
    return chart


def _judged(months: Mapping[str, Month], gate: Gate) -> list[str]:
    return [name for name, month in months.items() if month.sales >= gate.slice_rows]


def _month_labels(chart: Drawing, first: float, last: float) -> None:
    """Some months below the axis, the first and the last as well if there is room."""
    low, high = math.ceil(first), math.floor(last)
    step = max(1, math.ceil((high - low + 1) / _LABELS))
    for month in range(low, high + 1, step):
        chart.x_label(chart.x(month), f"{month // _YEAR_MONTHS}-{month % _YEAR_MONTHS + 1:02}")


def _month(day: date) -> float:
    """Months since the year 0, with the day as a fraction."""
    return day.year * _YEAR_MONTHS + day.month - 1 + (day.day - 1) / 31


def _date(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=day)


def _plain(level: float) -> str:
    return f"{level:.4g}"


def _two_digits(ratio: float) -> str:
    return f"{ratio:.2f}"
