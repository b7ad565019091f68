"""Drawing charts as SVG that stands inside a page and takes its colours from it.

A chart is 360 wide, so that its words are readable on a phone. Its classes are styled in `report.css`:
line, area, bar, dot, points, grid, axis, label and told.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

Values = NDArray[np.float64]
WIDTH, HEIGHT = 360, 264
LEFT, RIGHT, TOP, BOTTOM = 44, 350, 22, 226
_TICKS = 5


@dataclass(frozen=True, kw_only=True)
class Scale:
    """From a value to its place on the paper."""

    low: float
    high: float
    start: float
    """Where `low` is drawn."""
    end: float

    def __call__(self, value: float) -> float:
        """The place, to a tenth of a unit."""
        share: float = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    @property
    def ticks(self) -> list[float]:
        """Some round values from `low` to `high`."""
        step = nice_step((self.high - self.low) / _TICKS)
        first = math.ceil(round(self.low / step, 6))
        last = math.floor(round(self.high / step, 6))
        return [step * at for at in range(first, last + 1)]


def nice_step(least: float) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * lead for lead in (1, 2, 2.5, 5, 10) if power * lead >= least * 0.999)


def across(low: float, high: float) -> Scale:
    """A scale from left to right. Equal ends are moved apart."""
    return _scale(low, high, LEFT, RIGHT)


def upward(low: float, high: float) -> Scale:
    """A scale from bottom to top."""
    return _scale(low, high, BOTTOM, TOP)


def _scale(low: float, high: float, start: float, end: float) -> Scale:
    if not high > low:
        low, high = low - abs(low) / 2 - 1e-9, high + abs(high) / 2 + 1e-9
    return Scale(low=low, high=high, start=start, end=end)


class Drawing:
    """A chart that is being drawn."""

    def __init__(self, x: Scale, y: Scale, alt: str) -> None:
        self.x = x
        self.y = y
        self._svg = ElementTree.Element(
            "svg", {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "role": "img", "aria-label": alt}
        )

    def frame(
        self,
        x_title: str,
        y_title: str,
        *,
        x_words: Callable[[float], str] | None,
        y_words: Callable[[float], str],
    ) -> None:
        """Titles of the axes, a line for each round value of y and a word for each of x."""
        for value in self.y.ticks:
            self._path([(LEFT, self.y(value)), (RIGHT, self.y(value))], "grid")
            self._text(LEFT - 6, self.y(value) + 3.5, y_words(value), "label end")
        self._path([(LEFT, BOTTOM), (RIGHT, BOTTOM)], "axis")
        for value in self.x.ticks if x_words else ():
            self.x_label(self.x(value), x_words(value))  # type: ignore[misc]  # it is one, by the line above
        self._text(2, 10, y_title, "label strong")
        self._text(RIGHT, HEIGHT - 6, x_title, "label strong end")

    def x_label(self, place: float, words: str) -> None:
        """A word below the axis."""
        self._text(place, BOTTOM + 14, words, "label middle")

    def line(self, xs: Iterable[float], ys: Iterable[float], style: str) -> None:
        """A line through some points."""
        self._path([(self.x(x), self.y(y)) for x, y in zip(xs, ys, strict=True)], style)

    def area(self, corners: Sequence[tuple[float, float]]) -> None:
        """A filled polygon."""
        self._path([(self.x(x), self.y(y)) for x, y in corners], "area")

    def points(self, xs: Values, ys: Values) -> None:
        """A dot for each point, all in one path."""
        dots = "".join(
            f"M{self.x(x):g} {self.y(y):g}h0" for x, y in zip(xs.tolist(), ys.tolist(), strict=True)
        )
        self._add("path", d=dots, **{"class": "points"})

    def dot(self, x: float, y: float, style: str) -> None:
        """One large dot."""
        self._add("circle", cx=f"{self.x(x)}", cy=f"{self.y(y)}", r="5", **{"class": style})

    def bar(self, middle: float, height: float, width: float, words: str) -> None:
        """A bar from the axis up, with words on top."""
        top = self.y(height)
        size = {"width": f"{width:.1f}", "height": f"{BOTTOM - top:.1f}"}
        self._add("rect", x=f"{middle - width / 2:.1f}", y=f"{top}", rx="2", **size, **{"class": "bar"})
        self._text(middle, top - 5, words, "label middle")

    def note(self, x: float, y: float, words: str, *, below: bool) -> None:
        """Words beside a dot."""
        self._text(self.x(x), self.y(y) + (17 if below else -9), words, "told middle")

    @property
    def markup(self) -> Markup:
        """The chart, whose every word is escaped."""
        return Markup(ElementTree.tostring(self._svg, encoding="unicode"))  # noqa: S704  # escaped by it

    def _path(self, places: list[tuple[float, float]], style: str) -> None:
        steps = itertools.chain("M", itertools.repeat("L"))
        path = "".join(f"{step}{x:g} {y:g}" for step, (x, y) in zip(steps, places, strict=False))
        self._add("path", d=path, **{"class": style})

    def _text(self, x: float, y: float, words: str, style: str) -> None:
        self._add("text", x=f"{x:.1f}", y=f"{y:.1f}", **{"class": style}).text = words

    def _add(self, tag: str, **attributes: str) -> ElementTree.Element:
        return ElementTree.SubElement(self._svg, tag, attributes)
