"""The market's index: what the houses do not explain of their prices, and how sure that is."""

import numpy as np
import pytest

from benchmarks import dated_market
from benchmarks.dated_market import Trend
from house_prices.training import market_index
from house_prices.training.market_index import MarketIndex

AHEAD = 60


def index(trend: Trend, *, seed: int = 0, sales: int = 6000) -> MarketIndex:
    """Of a market of two features, whose houses grow larger in time."""
    draw = np.random.default_rng(seed)
    days = np.sort(draw.integers(0, 360, sales)).astype(float)
    design = np.column_stack([draw.normal(days / 360, 1), draw.normal(0, 1, sales)])
    log_price = 12 + design @ [0.4, 0.1] + trend(days / 365.25) + draw.normal(0, 0.15, sales)
    return market_index.estimate(design, log_price, days, until=359 + AHEAD)


def off(found: MarketIndex, trend: Trend) -> np.ndarray:
    """How far the index is from the law, day by day."""
    law = trend(np.arange(len(found.level)) / 365.25)
    return found.level - law - np.mean(found.level[:360] - law[:360])


@pytest.mark.parametrize("trend", dated_market.TRENDS.values(), ids=dated_market.TRENDS)
def test_the_index_follows_the_law_while_there_are_sales(trend: Trend) -> None:
    assert np.sqrt(np.mean(np.square(off(index(trend), trend)[:360]))) < 0.012


@pytest.mark.parametrize("name", ["flat", "ramp", "rise"])
def test_the_trend_goes_on_beyond_the_newest_sale(name: str) -> None:
    trend = dated_market.TRENDS[name]
    found = [np.mean(off(index(trend, seed=seed), trend)[360:]) for seed in range(5)]
    assert np.mean(found) == pytest.approx(0, abs=0.012)


def test_a_trend_of_years_goes_on_for_a_year() -> None:
    draw = np.random.default_rng(0)
    days = np.sort(draw.integers(0, 5 * 365, 6000)).astype(float)
    log_price = 12 + 0.1 * days / 365 + draw.normal(0, 0.15, 6000)
    found = market_index.estimate(draw.normal(0, 1, (6000, 1)), log_price, days, until=6 * 365)
    assert found.level[-1] - found.level[5 * 365] == pytest.approx(0.1, abs=0.02)


def test_a_market_that_stands_still_has_a_flat_index() -> None:
    found = index(dated_market.flat)
    assert np.ptp(found.level) < 0.005


def test_larger_houses_are_no_rise_of_prices() -> None:
    found = index(dated_market.flat)
    assert found.level[359] == pytest.approx(found.level[0], abs=0.01)


def test_the_band_widens_beyond_the_newest_sale() -> None:
    error = index(dated_market.ramp).error
    assert error[359] < error[380] < error[400] < error[-1]


def test_the_band_holds_what_comes() -> None:
    """The law lies within two standard errors on most of the days beyond the newest sale."""
    within = []
    for seed in range(6):
        for trend in (dated_market.ramp, dated_market.rise):
            found = index(trend, seed=seed)
            within.append(np.mean(np.abs(off(found, trend))[360:] < 2 * found.error[360:]))
    assert np.mean(within) > 0.8


def test_few_sales_give_months_and_many_give_weeks() -> None:
    assert len(index(dated_market.flat, sales=300).periods) == 12
    assert len(index(dated_market.flat, sales=6000).periods) == 52


def test_a_few_absurd_prices_move_nothing() -> None:
    draw = np.random.default_rng(0)
    days, design = np.repeat(np.arange(360.0), 5), draw.normal(size=(1800, 1))
    log_price = 12 + draw.normal(0, 0.1, 1800)
    log_price[-40:-30] -= 5  # in the last week but one, a company sells to itself
    found = market_index.estimate(design, log_price, days, until=400)
    assert np.ptp(found.level[:340]) < 0.03
