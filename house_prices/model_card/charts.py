"""The card's pictures, each from a few arrays of the holdout: [rows]."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from house_prices.model_card.drawing import HEIGHT, LEFT, RIGHT, WIDTH, Drawing, Scale, Values, across, upward
from house_prices.model_card.view import Picture
from house_prices.model_card.wording import change, count, percent, share, short
from house_prices.training.predictions import Predictions

MOST_POINTS = 2_000
NARROWEST = 0.01
"""An axis of errors reaches at least this far: rounding is not to look like a pattern."""
_BANDS, _QUINTILES = 10, 5
_NEAR = 0.1
_WIDEST = 99
"""Percentile of the errors that the residuals' axis reaches; what lies beyond is drawn at its end."""


def pictures(found: Predictions, unit: str, level: float | None) -> Iterator[Picture]:
    """Every picture that the predictions allow. `level` is what their intervals promise, if they have any."""
    yield predicted_against_actual(found.actual, found.price, unit)
    yield residuals(found.actual, found.price, unit)
    yield error_by_price_band(found.actual, found.price, unit)
    if level is not None and found.lower is not None and found.upper is not None:
        yield coverage_by_quintile(found.actual, found.price, found.lower, found.upper, level, unit=unit)


def predicted_against_actual(actual: Values, predicted: Values, unit: str) -> Picture:
    """A point a sale, around the line on which both are equal."""
    top = float(max(actual.max(), predicted.max())) * 1.02
    low = min(0.0, float(predicted.min()))
    near = share(float(np.mean(np.abs(predicted / actual - 1) <= _NEAR)))
    chart = Drawing(
        across(low, top), upward(low, top), f"Scatter of predicted against actual price; {near} within 10%."
    )
    chart.frame(_in("actual price", unit), _in("predicted price", unit), x_words=short, y_words=short)
    end = top / (1 + _NEAR)
    chart.area([(0, 0), (end, top), (top, top), (top, top * (1 - _NEAR))])
    some = _sample(len(actual))
    chart.points(actual[some], predicted[some])
    chart.line([low, top], [low, top], "line thin")
    return Picture(
        title="Predicted against actual",
        caption=(
            f"Each dot is a sale{_of(some, len(actual))}. On the line both are equal; {near} lie in the band "
            "of 10% around it."
        ),
        svg=chart.markup,
    )


def residuals(actual: Values, predicted: Values, unit: str) -> Picture:
    """Relative errors by predicted price, and their median in bands: what is left should have no shape."""
    error = predicted / actual - 1
    widest = max(float(np.percentile(np.abs(error), _WIDEST)), NARROWEST)
    middles, medians = _by_band(predicted, lambda band: float(np.median(error[band])))
    worst = change(max(medians, key=abs))
    beyond = " Dots on the upper and lower edge lie beyond it." if np.abs(error).max() > widest else ""
    chart = Drawing(
        across(float(predicted.min()), float(predicted.max())),
        upward(-widest, widest),
        f"Relative errors by predicted price; the band furthest off is at a median of {worst}.",
    )
    chart.frame(_in("predicted price", unit), "predicted / actual \u2212 1", x_words=short, y_words=_signed)
    some = _sample(len(actual))
    chart.points(predicted[some], np.clip(error[some], -widest, widest))
    chart.line([chart.x.low, chart.x.high], [0, 0], "axis")
    chart.line(middles, medians, "line")
    return Picture(
        title="Residuals by predicted price",
        caption=(
            "The line is the median error of each tenth of the sales: on 0 where the model is calibrated. "
            f"Furthest off: {worst}.{beyond}"
        ),
        svg=chart.markup,
    )


def error_by_price_band(actual: Values, predicted: Values, unit: str) -> Picture:
    """The median absolute error of tenths of the sales by predicted price."""
    error = np.abs(predicted / actual - 1)
    middles, medians = _by_band(predicted, lambda band: float(np.median(error[band])))
    ends = dict.fromkeys((share(min(medians)), share(max(medians))))
    told = f"is {' to '.join(ends)}"
    chart = Drawing(
        across(0, 1),
        upward(0, max(*medians, NARROWEST) * 1.1),
        f"Median absolute error of each band: it {told}.",
    )
    chart.frame(_in("mean predicted price", unit), "median error", x_words=None, y_words=percent)
    _bars(chart, middles, medians)
    return Picture(
        title="Error by price band",
        caption=f"The sales in ten bands by predicted price. The median absolute error {told}.",
        svg=chart.markup,
    )


def coverage_by_quintile(
    actual: Values, predicted: Values, lower: Values, upper: Values, level: float, *, unit: str
) -> Picture:
    """How often the actual price lies in the prediction interval, by quintile of predicted price."""
    inside = (lower <= actual) & (actual <= upper)
    middles, shares = _by_band(predicted, lambda band: float(np.mean(inside[band])), _QUINTILES)
    told = f"{share(float(np.mean(inside)))} of all, {share(min(shares))} in the worst quintile"
    floor = max(0.0, min(*shares, level) - 0.1)
    chart = Drawing(across(0, 1), upward(floor, 1), f"Share of prices within their interval: {told}.")
    chart.frame(_in("mean predicted price", unit), "prices within", x_words=None, y_words=percent)
    chart.line([0, 1], [level, level], "line thin")
    for place, middle, found in zip(_places(len(shares)), middles, shares, strict=True):
        at = (place - LEFT) / (RIGHT - LEFT)
        chart.dot(at, found, "dot")
        chart.note(at, found, share(found), below=found < level)
        chart.x_label(place, short(middle))
    return Picture(
        title="Interval coverage",
        caption=f"Actual prices within the {percent(level)} interval: {told}. The line is what was promised.",
        svg=chart.markup,
    )


def standalone(picture: Picture) -> str:
    """A picture as an SVG file of its own, with the page's styles for a light background."""
    return (
        str(picture.svg)
        .replace(
            "<svg ",
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * WIDTH}" height="{2 * HEIGHT}" '
            'font-family="sans-serif" ',
            1,
        )
        .replace(">", f"><style>{_styles()}</style>", 1)
    )


@cache
def _styles() -> str:
    """The rules of `report.css` about charts, and its colours."""
    page = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    colours = page[page.index("{") : page.index("}") + 1]
    rules = [line.removeprefix("svg ") for line in page.splitlines() if line.startswith("svg ")]
    return "\n".join([f"svg {colours}", *rules])


def _bars(chart: Drawing, middles: list[float], heights: list[float]) -> None:
    width = (RIGHT - LEFT) / len(heights)
    for place, middle, height in zip(_places(len(heights)), middles, heights, strict=True):
        chart.bar(place, height, width * 0.66, share(height).removesuffix("%"))
        chart.x_label(place, short(middle))


def _places(number: int) -> list[float]:
    """The middles of so many equal parts of the axis."""
    part = Scale(low=0, high=number, start=LEFT, end=RIGHT)
    return [part(at + 0.5) for at in range(number)]


def _by_band(
    predicted: Values, figure: Callable[[NDArray[np.intp]], float], bands: int = _BANDS
) -> tuple[list[float], list[float]]:
    """Mean predicted price and a figure of each band of equally many sales."""
    parts = np.array_split(np.argsort(predicted, kind="stable"), min(bands, len(predicted)))
    return [float(predicted[part].mean()) for part in parts], [figure(part) for part in parts]


def _sample(rows: int) -> NDArray[np.intp]:
    """Rows to draw, spread evenly."""
    return np.unique(np.linspace(0, rows - 1, min(rows, MOST_POINTS)).astype(np.intp))


def _of(some: NDArray[np.intp], rows: int) -> str:
    return "" if len(some) == rows else f", {count(len(some))} of {count(rows)}"


def _signed(error: float) -> str:
    return f"+{percent(error)}" if error > 0 else percent(error)


def _in(what: str, unit: str) -> str:
    return f"{what}, {unit}" if unit else what
