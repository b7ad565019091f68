"""Pictures of the market's index, and of the holdout by month."""

from xml.etree import ElementTree

import numpy as np
import pytest

from house_prices.evaluation.evaluation import Month
from house_prices.model_card import time_charts
from house_prices.training import time_adjustment
from house_prices.training.features import inputs, prices
from tests import cards, dated_huts, models

GATE = models.contract().gate
SALES = dated_huts.sales()


def adjustment(method: str) -> time_adjustment.TimeAdjustment:
    contract = dated_huts.contract()
    return time_adjustment.fit(method, inputs(SALES, contract), prices(SALES, contract), contract)


def months(*, coverage: float | None = 0.9, sales: int = 60, count: int = 3) -> dict[str, Month]:
    names = [f"{2013 + at // 12}-{at % 12 + 1:02}" for at in range(count)]
    ratios = np.linspace(0.97, 1.02, count)
    return {
        name: Month(sales=sales, median_ratio=float(ratio), rmsle=0.1, coverage=coverage)
        for name, ratio in zip(names, ratios, strict=True)
    }


def test_the_index_is_a_curve_with_its_band_and_says_how_far_prices_moved() -> None:
    picture = time_charts.market_index(adjustment("index"))
    assert picture is not None
    svg = ElementTree.fromstring(picture.svg)
    assert {"area", "line", "line thin"} <= {part.get("class") for part in svg.iter()}
    assert "from 2020-01-01 to 2020-12-25 prices changed by +3" in picture.caption


def test_a_market_without_an_index_has_no_curve() -> None:
    assert time_charts.market_index(adjustment("none")) is None


@pytest.mark.parametrize("count", [1, 3, 60])
@pytest.mark.parametrize(("coverage", "pictures"), [(0.9, 2), (None, 1)])
def test_months_are_drawn_however_many_there_are(count: int, coverage: float | None, pictures: int) -> None:
    drawn = list(time_charts.of_months(months(coverage=coverage, count=count), GATE))
    assert len(drawn) == pictures
    for picture in drawn:
        assert sum(part.get("class") == "dot" for part in ElementTree.fromstring(picture.svg).iter()) == count


def test_months_of_few_sales_are_small_dots_and_the_gates_range_is_told() -> None:
    (ratios, coverage) = time_charts.of_months(months(sales=3), GATE)
    assert 'class="dot"' not in ratios.svg
    assert "0.970 to 1.020" in ratios.caption
    assert "0.90 to 1.10" in ratios.caption
    assert "90% is promised" in coverage.caption


def test_the_card_of_a_dated_market_has_all_three_and_the_error_by_how_far_ahead() -> None:
    ahead = [{"days": 30, "sales": 200, "rmsle": 0.12, "median_ratio": 0.99}]
    found = cards.found(months=months(), time=adjustment("index"))
    card = cards.card(of=cards.manifest(training={"ahead": ahead}), evaluation=found)
    assert [picture.title for picture in card.pictures][-3:] == [
        "Market index",
        "Median ratio by month",
        "Coverage by month",
    ]
    assert (card.ahead[0].days, card.ahead[0].rmsle) == (30, 0.12)
