"""Reading houses from bytes, fast and slow, and writing prices."""

import math
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from house_prices.contract import proto
from house_prices.registry import Dates
from inference_server.arrays import Inputs, Prices
from inference_server.codecs.batch_decoder import FEWEST_ROWS, FastPathMiss, WireReader
from inference_server.codecs.typed import HouseCodec
from inference_server.codecs.valuation_dates import ValuationDates
from inference_server.errors import BadHouses, ServingError
from tests import dated_huts, models
from tests.models import HUT

CONTRACT = models.contract()
API = proto.load(CONTRACT)
CODEC = HouseCodec(CONTRACT, API)
WIRE = WireReader(CONTRACT, API.request)

HOUSES = st.fixed_dictionaries(
    {
        "area": st.floats(1, 1000),
        "rooms": st.integers(0, 2000),
        "roof": st.sampled_from(["flat", "gable", "ça"]),
    },
    optional={
        "garden": st.booleans(),
        "age": st.floats(-1e30, 1e30),
        "view": st.sampled_from(["sea", "none"]),
        "style": st.sampled_from(["old", "new"]),
        "reference": st.text(st.characters(codec="utf-8"), max_size=200),
    },
)


def message(houses: list[dict[str, Any]]) -> bytes:
    request: Any = API.request
    return bytes(request(houses=houses).SerializeToString())


def slowly(raw: bytes) -> Inputs:
    """Read house by house, whatever their number."""
    return CODEC.decode_each(raw, max_rows=10_000)


def same(one: Inputs, other: Inputs) -> bool:
    numbers = np.array_equal(one.numbers, other.numbers, equal_nan=True)
    return (
        numbers
        and np.array_equal(one.categories, other.categories)
        and list(one.references) == list(other.references)
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(HOUSES, min_size=3, max_size=6))
def test_many_houses_read_at_once_are_the_houses_read_one_by_one(houses: list[dict[str, Any]]) -> None:
    raw = message(houses * FEWEST_ROWS)
    assert same(WIRE.read(raw, max_rows=10_000), slowly(raw))


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 10**6), st.integers(0, 255), st.sampled_from(["set", "insert", "remove", "cut"]))
def test_whatever_the_fast_way_reads_of_mutated_bytes_the_slow_way_reads_too(
    place: int, byte: int, how: str
) -> None:
    raw = bytearray(
        message([{**HUT, "age": 3.5, "rooms": 1900, "view": "sea", "garden": True}] * FEWEST_ROWS)
    )
    place %= len(raw)
    if how == "set":
        raw[place] = byte
    elif how == "insert":
        raw.insert(place, byte)
    elif how == "remove":
        del raw[place]
    else:
        del raw[place:]
    try:
        fast = WIRE.read(bytes(raw), max_rows=10_000)
    except FastPathMiss:
        return
    assert same(fast, slowly(bytes(raw)))


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=300))
def test_no_bytes_give_anything_but_houses_or_a_refusal(raw: bytes) -> None:
    try:
        inputs = CODEC.read(raw, max_rows=10)
    except ServingError:
        return
    assert 0 < inputs.rows <= 10


@pytest.mark.parametrize("name", ["area", "rooms", "roof"])
@pytest.mark.parametrize("row", [0, 77])
def test_one_bad_house_among_many_is_found_by_its_row(name: str, row: int) -> None:
    bad = {"area": math.nan, "rooms": 2001, "roof": "flap"}
    houses: list[dict[str, Any]] = [dict(HUT) for _ in range(100)]
    houses[row][name] = bad[name]
    with pytest.raises(BadHouses) as caught:
        CODEC.read(message(houses), max_rows=100)
    assert [fault.field for fault in caught.value.faults] == [f"houses[{row}].{name}"]


@pytest.mark.parametrize("times", [1, 100])
def test_a_field_left_out_is_its_meaning_or_nothing(times: int) -> None:
    inputs = CODEC.read(message([HUT] * times), max_rows=100)
    assert np.array_equal(inputs.numbers[-1], [100, 3, 0, math.nan], equal_nan=True)
    assert inputs.categories[-1].tolist() == ["flat", "none", ""]
    assert inputs.numbers.dtype == np.float32
    assert inputs.numbers.flags.c_contiguous


@pytest.mark.parametrize("warnings", [{}, {1: ["rooms 9 is above 5"]}])
@pytest.mark.parametrize("has_interval", [False, True])
def test_the_bytes_written_are_the_message(warnings: dict[int, list[str]], has_interval: bool) -> None:
    price = np.array([1.5, 0, -2], np.float32)
    lower, upper = (price - 1, price + 1) if has_interval else (None, None)
    raw = CODEC.write(Prices(price=price, lower=lower, upper=upper), warnings, 12)
    response: Any = API.response.FromString(raw)
    assert [one.price for one in response.predictions] == [1.5, 0, -2]
    assert [one.HasField("lower") for one in response.predictions] == [has_interval] * 3
    assert response.predictions[2].upper == (-1 if has_interval else 0)
    assert [list(one.warnings) for one in response.predictions] == [[], warnings.get(1, []), []]
    assert response.model_version == "12"


@pytest.mark.parametrize("rows", [1, FEWEST_ROWS])
def test_a_reference_is_read_beside_the_features_and_is_none_of_them(rows: int) -> None:
    named = CODEC.read(message([{**HUT, "reference": "listing 7"}, HUT] * rows), max_rows=10_000)
    plain = CODEC.read(message([HUT, HUT] * rows), max_rows=10_000)
    assert list(named.references) == ["listing 7", ""] * rows
    assert list(plain.references) == []
    assert np.array_equal(named.numbers, plain.numbers, equal_nan=True)


@pytest.mark.parametrize("rows", [1, FEWEST_ROWS])
def test_a_reference_that_is_too_long_is_refused(rows: int) -> None:
    with pytest.raises(BadHouses) as refused:
        CODEC.read(message([{**HUT, "reference": "x" * 257}] * rows), max_rows=10_000)
    assert refused.value.faults[0].field == "houses[0].reference"


def test_a_market_with_a_feature_called_reference_keeps_it() -> None:
    features = [{**models.HUTS["features"][0], "name": "reference", "column": "Reference"}]  # type: ignore[index]
    contract = models.contract(features=features)
    codec = HouseCodec(contract, proto.load(contract))
    request: Any = proto.load(contract).request
    read = codec.read(request(houses=[{"reference": 7.0}]).SerializeToString(), max_rows=1)
    assert (read.numbers.tolist(), list(read.references)) == ([[7.0]], [])


DATED = dated_huts.contract()
OF_DATES = ValuationDates(
    known=Dates(
        method="index",
        reference=date(2020, 6, 1),
        first=date(2020, 1, 1),
        newest=date(2020, 5, 1),
        until=date(2021, 6, 1),
    ),
    is_dated=True,
)
DATED_API = proto.load(DATED)
DATED_CODEC = HouseCodec(DATED, DATED_API, dates=OF_DATES)


def dated(houses: list[dict[str, Any]], day: str) -> bytes:
    request: Any = DATED_API.request
    return bytes(request(houses=houses, valuation_date=day).SerializeToString())


@pytest.mark.parametrize("rows", [1, 3, FEWEST_ROWS, 500])
def test_a_date_is_that_of_every_house_of_the_request(rows: int) -> None:
    found = DATED_CODEC.read(dated([HUT] * rows, "2020-06-30"), max_rows=1000)
    assert found.days is not None
    assert found.days.tolist() == [18443.0] * rows
    assert found.valuation_date == "2020-06-30"


@pytest.mark.parametrize("rows", [1, FEWEST_ROWS])
@pytest.mark.parametrize("day", ["2019-12-31", "2021-06-02", "tomorrow", "2020-02-30"])
def test_a_date_that_is_not_allowed_is_refused(day: str, rows: int) -> None:
    with pytest.raises(BadHouses, match=rf"came '{day}', allowed: a date from 2020-01-01 to 2021-06-01"):
        DATED_CODEC.read(dated([HUT] * rows, day), max_rows=1000)


def test_a_reference_that_looks_like_a_date_is_none() -> None:
    disguised = {**HUT, "reference": "\x12\n2020-06-30"}
    found = DATED_CODEC.read(dated([HUT] * FEWEST_ROWS + [disguised], ""), max_rows=1000)
    assert found.days is None
    assert found.references[-1] == disguised["reference"]


def test_only_dates_beyond_the_reference_date_are_warned_of() -> None:
    assert OF_DATES.warning("2020-05-31") == ""
    assert OF_DATES.warning("2020-06-03").startswith("valuation_date 2020-06-03 is 2 days after 2020-06-01")
    assert "changes nothing" in ValuationDates(known=None, is_dated=False).warning("2020-06-03")
