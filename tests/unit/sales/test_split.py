"""Which sales train and which judge."""

import numpy as np
import pandas as pd
import pytest

from house_prices.errors import SalesError
from house_prices.sales import split
from house_prices.sales.columns import CALIBRATION, GROUP, HOLDOUT, PART, PARTS, TRAIN
from tests import clean_sales, models

HUTS = models.contract()
BY_DATE = models.contract(keys={"sold": ["Day"]}, split={"by": "sold", "holdout": 0.2, "calibration": 0.1})


def dated(rows: int = 1000) -> pd.DataFrame:
    days = np.random.default_rng(1).integers(20_000_101, 20_251_231, rows).astype(float)
    return clean_sales.huts(rows).assign(sold=days)


def test_parts_have_about_the_shares_of_the_contract() -> None:
    counts = split.counts(split.split(clean_sales.huts(10_000), HUTS))
    assert counts[HOLDOUT] == pytest.approx(2000, abs=150)
    assert counts[CALIBRATION] == pytest.approx(1000, abs=120)
    assert sum(counts.values()) == 10_000


def test_the_same_sales_are_always_split_alike() -> None:
    sales = clean_sales.huts(300)
    pd.testing.assert_frame_equal(split.split(sales, HUTS), split.split(sales.copy(), HUTS))


def test_the_order_of_the_sales_does_not_matter() -> None:
    sales = clean_sales.huts(300)
    shuffled = sales.sample(frac=1, random_state=5)
    pd.testing.assert_frame_equal(split.split(sales, HUTS), split.split(shuffled, HUTS))


@pytest.mark.parametrize("by", [HUTS, BY_DATE], ids=["hash", "sold"])
def test_a_new_sale_moves_hardly_any_old_one_between_parts(by: models.Contract) -> None:
    sales = dated(1000)
    before = split.split(sales.iloc[:-1], by).set_index("area")[PART].astype(str)
    after = split.split(sales, by).set_index("area")[PART].astype(str)
    assert (before != after[before.index]).sum() <= 2


@pytest.mark.parametrize("by", ["hash", "sold"])
def test_the_sales_of_a_property_stay_together(by: str) -> None:
    huts = models.contract(keys={"property": "Id", "sold": ["Day"]}, split={"by": by})
    sales = dated(1000).assign(property=[f"P{at % 250}" for at in range(1000)])
    parts = split.split(sales, huts).groupby("property")[PART].nunique()
    assert set(parts) == {1}


def test_sales_without_a_propertys_key_are_split_one_by_one() -> None:
    huts = models.contract(keys={"property": "Id"})
    sales = clean_sales.huts(1000).assign(property=None)
    counts = split.counts(split.split(sales, huts))
    assert counts[HOLDOUT] == pytest.approx(200, abs=60)


def test_by_date_the_newest_sales_are_held_out() -> None:
    parted = split.split(dated(), BY_DATE)
    held, others = parted[parted[PART] == HOLDOUT], parted[parted[PART] != HOLDOUT]
    assert held["sold"].min() >= others["sold"].max()
    assert len(held) == pytest.approx(200, abs=2)


def test_by_date_a_property_is_as_new_as_its_last_sale() -> None:
    huts = models.contract(keys={"property": "Id", "sold": ["Day"]}, split={"by": "sold"})
    days = [20_000_101.0, 20_250_101.0] + [20_100_101.0] * 48
    sales = clean_sales.huts(50).assign(sold=days, property=["P", "P", *map(str, range(48))])
    parted = split.split(sales, huts)
    assert set(parted[parted["property"] == "P"][PART]) == {HOLDOUT}


def test_sales_of_one_day_are_split_between_the_parts() -> None:
    counts = split.counts(split.split(clean_sales.huts(1000).assign(sold=20_100_101.0), BY_DATE))
    assert counts[HOLDOUT] == pytest.approx(200, abs=2)


def test_equal_sales_stay_together() -> None:
    twice = pd.concat([clean_sales.huts(200)] * 2)
    assert set(split.split(twice, HUTS).groupby("area")[PART].nunique()) == {1}


def test_without_calibration_two_parts_share_the_sales() -> None:
    huts = models.contract(split={"calibration": 0.0})
    counts = split.counts(split.split(clean_sales.huts(300), huts))
    assert list(counts) == list(PARTS)
    assert counts[CALIBRATION] == 0
    assert counts[TRAIN] + counts[HOLDOUT] == 300


@pytest.mark.parametrize("rows", [1, 12])
def test_too_few_sales_are_told_with_the_size_of_each_part(rows: int) -> None:
    with pytest.raises(SalesError, match=rf"^{rows} clean sales are too few to split: .*holdout has \d"):
        split.split(clean_sales.huts(rows), HUTS)


@pytest.mark.parametrize("by", ["hash", "sold"])
def test_equal_sales_of_different_properties_stay_together(by: str) -> None:
    huts = models.contract(keys={"property": "Id", "sold": ["Day"]}, split={"by": by})
    sales = dated(500).assign(property=[f"P{at}" for at in range(500)])
    again = sales.assign(property=[f"Q{at // 2}" for at in range(500)])
    parted = split.split(pd.concat([sales, again], ignore_index=True), huts)
    assert set(parted.groupby(split.alike(parted, huts))[PART].nunique()) == {1}
    assert set(parted.groupby("property")[PART].nunique()) == {1}
    assert parted[PART].nunique() == 3


def test_houses_that_no_feature_tells_apart_are_not_one_sale_on_two_days() -> None:
    """Where features are few and prices round, older ones would go to the holdout with the newest."""
    alike = dated(1000).assign(
        area=100.0, rooms=3.0, garden=0.0, age=9.0, roof="flat", style="old", price=5e5
    )
    parted = split.split(alike.drop_duplicates("sold"), BY_DATE)
    held, others = parted[parted[PART] == HOLDOUT], parted[parted[PART] != HOLDOUT]
    assert held["sold"].min() >= others["sold"].max()


def test_the_number_of_joined_properties_is_that_of_one_of_them() -> None:
    """Numbers of 64 bits, which as floats would be rounded to 53."""
    sales = clean_sales.huts(300)
    twins = pd.concat([sales, sales[:40]]).reset_index(drop=True).assign(property=lambda f: f.index.map(str))
    contract = models.contract(keys={"property": "House"})
    own = set(pd.util.hash_pandas_object(twins["property"], index=False))
    group = split.split(twins, contract)[GROUP]
    assert group.nunique() == 300
    assert set(group) <= own


def test_a_window_holds_the_last_months_with_sales_of_any_day_and_of_none() -> None:
    huts = models.contract(keys={"sold": ["Day"]}, time={"months": 3})
    days = [20_241_231.0, 20_250_101.0, 20_250_100.0, 20_250_331.0] * 20
    parted = split.split(clean_sales.huts(80).assign(sold=days), huts)
    assert sorted(parted["sold"].unique()) == [20_250_100.0, 20_250_101.0, 20_250_331.0]
    assert [(month, sum(sales)) for month, *sales in split.by_month(parted)] == [
        ("2025-03", 20),
        ("2025-01", 40),
    ]


def test_a_window_with_too_few_sales_is_told_by_its_setting() -> None:
    huts = models.contract(keys={"sold": ["Day"]}, time={"months": 2})
    days = [20_200_115.0] * 79 + [20_620_115.0]
    with pytest.raises(SalesError, match=r"^1 clean sales .* the last 2 months count: \[time\] months"):
        split.split(clean_sales.huts(80).assign(sold=days), huts)


def test_sales_without_dates_have_no_months() -> None:
    assert split.by_month(split.split(clean_sales.huts(100), HUTS)) == []
