"""JSON as people write it: shapes, flags as 0 and 1, numbers in quotes, and every fault at once."""

import json
from typing import Any

import numpy as np
import pytest

from house_prices.contract import proto
from inference_server.arrays import Prices
from inference_server.codecs.json_houses import JsonCodec
from inference_server.codecs.typed import HouseCodec
from inference_server.errors import BadHouses, BadMessage, TooManyRows
from tests import dated_huts, models
from tests.models import HUT

GARDEN = 2
"""Where the flag stands among the numbers."""


def codec(contract: Any = None) -> JsonCodec:
    market = contract or models.contract()
    api = proto.load(market)
    return JsonCodec(api, HouseCodec(market, api))


def read(body: Any) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return codec().read(raw, max_rows=10)


def faults(body: Any) -> dict[str, str]:
    with pytest.raises(BadHouses) as error:
        read(body)
    return {fault.field: fault.description for fault in error.value.faults}


@pytest.mark.parametrize("body", [HUT, [HUT], {"houses": [HUT]}])
def test_a_house_may_stand_alone_in_a_list_or_under_houses(body: Any) -> None:
    assert read(body).numbers[0, 0] == 100


@pytest.mark.parametrize(
    ("written", "meant"), [(1, 1), (0, 0), (True, 1), ("true", 1), ("0", 0), (1.0, 1), (None, 0)]
)
def test_a_flag_may_be_written_as_people_do_and_null_is_left_out(written: Any, meant: float) -> None:
    assert read({**HUT, "garden": written}).numbers[0, GARDEN] == meant


@pytest.mark.parametrize("area", ["100", " 100 ", "1e2", 100, 100.0])
def test_a_number_may_stand_in_quotes(area: Any) -> None:
    assert read({**HUT, "area": area, "rooms": "3"}).numbers[0, :2].tolist() == [100, 3]


def test_a_flag_that_is_left_out_counts_as_the_contract_says() -> None:
    assert read(HUT).numbers[0, GARDEN] == 0


def test_faults_of_names_types_and_values_are_listed_together() -> None:
    house = {"aera": 100, "area": 0, "rooms": "many", "garden": 2, "roof": 3}
    assert faults({"houses": [HUT, house], "model": 3}) == {
        "model": "is not a field. Allowed: houses",
        "houses[1].aera": "is not a feature. Did you mean area? "
        "Allowed: area, rooms, garden, age, roof, view, style, reference",
        "houses[1].area": "came 0, allowed: a number from 1 to 1000 m2",
        "houses[1].rooms": "came 'many', allowed: a whole number",
        "houses[1].garden": "came 2, allowed: true or false, or 1 or 0",
        "houses[1].roof": "came 3, allowed: a text",
    }


@pytest.mark.parametrize("area", [True, "1,200", "100 m2", "NaN", [], {}, ""])
def test_what_can_be_read_in_two_ways_or_none_is_no_number(area: Any) -> None:
    assert faults({**HUT, "area": area})["houses[0].area"].endswith("allowed: a number")


@pytest.mark.parametrize("rooms", [2.5, 2**31, "2.5", 1e300])
def test_a_whole_number_is_one_that_fits(rooms: Any) -> None:
    assert faults({**HUT, "rooms": rooms})["houses[0].rooms"].endswith("allowed: a whole number")


@pytest.mark.parametrize(
    "body", [b"", b" ", b"{", b"3", b"null", b'{"houses": 3}', b'{"area": NaN}', b"\xff"]
)
def test_a_body_that_is_no_request_is_told_what_one_is(body: bytes) -> None:
    with pytest.raises(BadMessage, match="llowed: a house as an object"):
        read(body)


def test_no_houses_and_too_many_are_refused() -> None:
    with pytest.raises(BadMessage, match="no houses"):
        read([])
    with pytest.raises(TooManyRows):
        read([HUT] * 11)


def test_a_long_name_is_shortened_and_what_a_terminal_obeys_is_written_out() -> None:
    (field,) = faults({**HUT, "x" * 1000: 1})
    assert len(field) < 100
    assert faults({**HUT, "\x1b[2J": 1}).keys() == {r"houses[0].\x1b[2J"}


def test_a_date_stands_beside_the_houses_of_a_market_that_has_one() -> None:
    dated = codec(dated_huts.contract())
    with pytest.raises(BadHouses) as error:
        dated.read(json.dumps({"houses": [HUT], "valuation_date": 20150527}).encode(), max_rows=10)
    assert error.value.faults[0].description == "allowed: a date such as 2015-05-27, in quotes"
    assert "valuation_date" in faults({"houses": [HUT], "valuation_date": "2015-05-27"})


def test_prices_are_written_with_their_ends_and_warnings() -> None:
    column = np.array([1.5, 2.5], np.float32)
    written = codec().write(Prices(price=column, lower=column - 1, upper=column + 1), {1: ["odd"]}, 3)
    assert json.loads(written) == {
        "predictions": [
            {"price": 1.5, "lower": 0.5, "upper": 2.5, "warnings": []},
            {"price": 2.5, "lower": 1.5, "upper": 3.5, "warnings": ["odd"]},
        ],
        "model_version": "3",
    }
