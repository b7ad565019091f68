"""Pictures of predictions, also of odd ones."""

from xml.etree import ElementTree

import numpy as np
import pytest

from house_prices.model_card import charts
from house_prices.model_card.drawing import BOTTOM, LEFT, RIGHT, TOP, across, nice_step, upward
from house_prices.training.predictions import Predictions
from tests.cards import ACTUAL, PREDICTED

SVG = "{http://www.w3.org/2000/svg}"


def drawn(actual: np.ndarray, predicted: np.ndarray, unit: str = "EUR") -> list[ElementTree.Element]:
    """Every picture, parsed: one that were no XML would raise."""
    found = Predictions(actual=actual, price=predicted, lower=predicted * 0.9, upper=predicted * 1.1)
    return [ElementTree.fromstring(p.svg) for p in charts.pictures(found, unit, 0.9)]


def words(picture: ElementTree.Element) -> str:
    return " | ".join(text.text or "" for text in picture.iter("text"))


@pytest.mark.parametrize("rows", [1, 2, 9, 10_001])
@pytest.mark.parametrize("price", [0.5, 250.0, 3e9])
def test_one_sale_is_drawn_as_well_as_many(rows: int, price: float) -> None:
    assert len(drawn(np.full(rows, price), np.full(rows, price))) == 4


def test_a_price_below_zero_is_drawn_too() -> None:
    assert len(drawn(ACTUAL, PREDICTED - 150_000)) == 4


def test_every_picture_says_what_it_shows() -> None:
    for picture in charts.pictures(Predictions(actual=ACTUAL, price=PREDICTED), "EUR", None):
        svg = ElementTree.fromstring(picture.svg)
        assert svg.get("role") == "img"
        assert len(svg.get("aria-label") or "") > 20
        assert picture.title
        assert picture.caption


def test_the_axes_have_the_unit_and_it_is_escaped() -> None:
    scatter = charts.predicted_against_actual(ACTUAL, PREDICTED, "<b>&")
    assert "actual price, &lt;b&gt;&amp;" in scatter.svg
    assert "actual price, <b>&" in words(ElementTree.fromstring(scatter.svg))


def test_of_many_sales_some_are_drawn_and_the_caption_says_how_many() -> None:
    many = np.linspace(1.0, 2.0, 5_000)
    picture = charts.predicted_against_actual(many, many, "")
    assert picture.svg.count("h0") == charts.MOST_POINTS
    assert "2\u202f000 of 5\u202f000" in picture.caption


def test_an_error_beyond_the_axis_is_drawn_at_its_edge() -> None:
    odd = PREDICTED.copy()
    odd[0] *= 40
    picture = charts.residuals(ACTUAL, odd, "")
    assert f" {TOP}h0" in picture.svg
    assert "Dots on the upper and lower edge lie beyond it." in picture.caption


def test_rounding_does_not_look_like_a_pattern() -> None:
    picture = charts.error_by_price_band(ACTUAL, ACTUAL * (1 + 1e-8), "")
    heights = [float(bar.get("height", 9)) for bar in ElementTree.fromstring(picture.svg).iter("rect")]
    assert heights == [0.0] * 10
    assert "is <0.01%." in picture.caption


def test_a_bar_a_band_with_its_error_on_top() -> None:
    dear = np.where(np.arange(120) < 108, ACTUAL, ACTUAL * 1.25)
    picture = ElementTree.fromstring(charts.error_by_price_band(ACTUAL, dear, "EUR").svg)
    assert len(list(picture.iter("rect"))) == 10
    assert "| 25.0 |" in words(picture)


def test_bands_of_like_prices_have_a_bar_each() -> None:
    picture = ElementTree.fromstring(charts.error_by_price_band(ACTUAL, np.full(120, 90.0), "EUR").svg)
    places = {bar.get("x") for bar in picture.iter("rect")}
    assert len(places) == 10


def test_a_picture_of_its_own_brings_its_namespace_and_styles() -> None:
    alone = charts.standalone(charts.residuals(ACTUAL, PREDICTED, "EUR"))
    svg = ElementTree.fromstring(alone)
    assert svg.tag == f"{SVG}svg"
    assert ".points" in (svg.findtext(f"{SVG}style") or "")
    assert "--accent: #0f6b5c" in alone


def test_coverage_tells_the_worst_quintile() -> None:
    lower = np.where(np.arange(120) < 24, ACTUAL + 1, ACTUAL - 1)
    picture = charts.coverage_by_quintile(ACTUAL, ACTUAL, lower, ACTUAL + 1, 0.9, unit="EUR")
    assert "80.0% of all, 0% in the worst quintile" in picture.caption


def test_scales_go_from_edge_to_edge_and_a_point_has_room_too() -> None:
    x, y, point = across(0, 10), upward(0, 10), across(5, 5)
    assert (x(0), x(10), y(0), y(10)) == (LEFT, RIGHT, BOTTOM, TOP)
    assert LEFT < point(5) < RIGHT


@pytest.mark.parametrize(("least", "step"), [(0.7, 1), (1.2, 2), (2.2, 2.5), (3, 5), (7, 10), (0.03, 0.05)])
def test_steps_between_ticks_are_round(least: float, step: float) -> None:
    assert nice_step(least) == pytest.approx(step)
