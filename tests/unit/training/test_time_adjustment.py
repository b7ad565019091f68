"""Methods that take the date of a sale into account, in training and in the model file."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from house_prices.contract import reader
from house_prices.errors import ContractError
from house_prices.sales import dates
from house_prices.training import onnx_export, train
from house_prices.training.features import Inputs, inputs, prices
from house_prices.training.fitted import Fitted
from house_prices.training.folds import rolling_origins
from tests import dated_huts, models, parity

METHODS = ("index", "day", "recency", "none")
dated = dated_huts.contract
SALES = dated_huts.sales()
FITTED = {name: train.train(SALES, dated(name)) for name in METHODS}


def houses(on: list[str]) -> Inputs:
    """One hut as of several dates."""
    days = np.array([(pd.Timestamp(day) - pd.Timestamp(0)).days if day else np.nan for day in on], np.float32)
    one = inputs(SALES, dated())[np.zeros(len(on), np.int64)]
    return replace(one, days=days)


def test_days_are_counted_from_1970_and_a_month_without_a_day_is_its_middle() -> None:
    assert dates.day_numbers(np.array([19700102.0, 20200200.0])).tolist() == [1, 18307]
    assert dates.iso(18307) == "2020-02-15"


def test_a_dated_market_is_adjusted_unless_its_contract_says_otherwise() -> None:
    assert dated().is_dated
    assert not dated("none").is_dated
    assert not models.contract().is_dated
    with pytest.raises(ContractError, match=r"time\.adjust: came \['index'\], allowed: none, for keys\.sold"):
        models.contract(time={"adjust": ["index"]})
    with pytest.raises(ContractError, match=r"time\.adjust: came \['moon'\], allowed: one or more of index"):
        dated("moon")
    assert reader.from_values(dated().values).time.ahead == 365


def test_prices_follow_the_index_between_dates_and_beyond() -> None:
    price = FITTED["index"].predict(houses(["2020-01-10", "2020-07-10", "2020-12-20", "2021-01-20"]))
    assert price[1:] / price[:-1] == pytest.approx(
        np.exp(dated_huts.RISE * np.array([182, 163, 31]) / 365.25), rel=0.02
    )


def test_the_day_as_a_feature_stops_at_the_newest_sale() -> None:
    price = FITTED["day"].predict(houses(["2020-01-10", "2020-12-25", "2021-06-01"]))
    assert price[1] / price[0] == pytest.approx(np.exp(dated_huts.RISE * 350 / 365.25), rel=0.06)
    assert price[2] == price[1]


def test_newer_sales_weigh_more_with_recency() -> None:
    last = SALES.iloc[-150:]
    of_recency, of_none = (
        np.median(FITTED[name].predict(inputs(last, dated())) / prices(last, dated()))
        for name in ("recency", "none")
    )
    assert of_none < of_recency < 1


def test_a_house_without_a_date_is_priced_as_of_the_reference_date() -> None:
    fitted = train.train(SALES, dated("index"), as_of=18_700)
    asked = fitted.predict(houses(["", dates.iso(18_700)]))
    assert asked[0] == asked[1] == fitted.predict(replace(houses([""]), days=None))[0]


def test_what_prices_the_next_sales_best_is_taken_and_all_are_told() -> None:
    found = train.train(SALES, dated("none", "index")).time
    assert found is not None
    assert found.method == "index"
    assert found.compared["index"] < found.compared["none"] - 0.02


def test_the_folds_of_a_dated_market_look_forward() -> None:
    folds = rolling_origins(SALES, 3, dated())
    assert len(folds) == 3
    for past, coming in folds:
        assert SALES["sold"].iloc[past].max() < SALES["sold"].iloc[coming].min()
    together = np.concatenate([coming for _, coming in folds])
    assert sorted(together) == list(range(len(SALES)))[-len(together) :]


def test_a_property_sold_again_is_not_fitted_on() -> None:
    again = SALES.assign(group=np.arange(len(SALES)) % 450)
    for past, coming in rolling_origins(again, 3, dated()):
        assert not set(again["group"].iloc[past]) & set(again["group"].iloc[coming])


def test_a_market_whose_every_property_is_sold_again_is_adjusted() -> None:
    (_, second), (_, newest) = rolling_origins(SALES, 3, dated())[-2:]
    group = np.arange(len(SALES)) % 2
    group[second], group[newest] = 0, 1
    counted = group * 1000 + np.arange(len(SALES)) // 2 % 30
    assert set(counted[: second[0]]) == set(counted[second[0] :])
    found = train.train(SALES.assign(group=counted), dated("none", "index")).time
    assert found is not None
    assert found.method == "index"


def test_sales_of_one_day_tell_nothing_of_time() -> None:
    fitted = train.train(SALES.assign(sold=20200601.0), dated())
    assert fitted.time is None
    assert fitted.predict(inputs(SALES, dated())).shape == (len(SALES),)


@pytest.mark.parametrize("method", METHODS)
def test_the_model_file_gives_the_same_prices_at_every_date(method: str) -> None:
    contract = dated(method)
    session = onnx_export.session(onnx_export.export(FITTED[method], contract))
    some = replace(inputs(SALES, dated()), days=np.linspace(18_000, 20_000, len(SALES)).round().astype("f4"))
    difference, _ = parity.parity(FITTED[method], session, some, contract)
    assert difference <= 1e-5


@pytest.mark.parametrize("method", ["index", "day"])
def test_the_date_may_be_left_out_of_the_model_file(method: str) -> None:
    session = onnx_export.session(onnx_export.export(FITTED[method], dated(method)))
    assert [put.name for put in session.get_inputs()] == ["numbers", "categories"]
    some = inputs(SALES, dated())
    left_out = onnx_export.predict(session, replace(some, days=None))
    unknown = onnx_export.predict(session, replace(some, days=np.full(len(SALES), np.nan, np.float32)))
    assert left_out.tolist() == unknown.tolist()


def test_sales_without_dates_are_trained_as_before() -> None:
    fitted = train.train(SALES.drop(columns="sold"), dated())
    assert fitted.time is None


def calibrated(method: str = "index") -> Fitted:
    return train.train_and_calibrate(SALES[:750], SALES[750:], dated(method))


def test_once_the_newest_sales_have_calibrated_the_model_is_fitted_on_them_too() -> None:
    fitted = calibrated()
    assert fitted.time is not None
    assert fitted.rows == len(SALES)
    assert fitted.time.last == int(inputs(SALES, dated()).days.max())  # type: ignore[union-attr]
    assert sum(fitted.intervals.sales) > 300  # type: ignore[union-attr]  # those of the origins, too


@pytest.mark.parametrize("method", METHODS)
def test_the_interval_is_around_the_price_at_every_date_and_wider_beyond_the_newest_sale(method: str) -> None:
    session = onnx_export.session(onnx_export.export(calibrated(method), dated(method)))
    dates_asked = ["2020-06-01", "2020-12-20", "", "2021-03-01", "2021-12-01", "2030-01-01"]
    found = onnx_export.predictions(session, houses(dates_asked), np.full(6, np.nan))
    assert found.lower is not None
    assert found.upper is not None
    assert (found.lower <= found.price).all()
    assert (found.price <= found.upper).all()
    width = (found.upper - found.lower) / found.price
    if method == "index":
        assert width[1] < width[3] < width[4]
