"""The simulated market that moves: its law is the one it says."""

import numpy as np
import pytest

from benchmarks import dated_market

MARKET = dated_market.generate(8000)
LOG_RATIO = np.log(MARKET["price"] / MARKET["lawful"])


def test_the_same_seed_gives_the_same_market() -> None:
    assert dated_market.generate(50, seed=3).equals(dated_market.generate(50, seed=3))
    assert not dated_market.generate(50, seed=3).equals(dated_market.generate(50, seed=4))


def test_prices_are_lawful_but_for_the_noise() -> None:
    assert LOG_RATIO.mean() == pytest.approx(0, abs=0.01)
    assert LOG_RATIO.std() == pytest.approx(dated_market.NOISE, rel=0.1)


def test_the_newest_fifth_sells_seven_percent_above_the_others() -> None:
    still = dated_market.generate(8000, trend=dated_market.flat)["lawful"]
    level = np.log(MARKET["lawful"] / still).to_numpy()
    newest = np.arange(len(level)) >= 0.8 * len(level)
    assert level[newest].mean() - level[~newest].mean() == pytest.approx(0.07, abs=0.01)


def test_sales_are_dated_in_order() -> None:
    dates = MARKET["date"].tolist()
    assert dates == sorted(dates)
    assert (dates[0][:6], dates[-1][:6]) == ("201405", "201505")
