"""Houses of one layout are read as field by field, and all others are left to the other readers."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from house_prices.contract import proto
from inference_server.codecs.batch_decoder import FEWEST_ROWS, WireReader
from inference_server.codecs.typed import HouseCodec
from inference_server.errors import BadMessage
from tests import models

CONTRACT = models.contract(features=[one for one in models.HUTS["features"] if one["kind"] != "category"])  # type: ignore[attr-defined]
API = proto.load(CONTRACT)
WIRE = WireReader(CONTRACT, API.request)
CODEC = HouseCodec(CONTRACT, API)
HOUSE = {"area": 100.0, "rooms": 3, "garden": True, "age": 7.0}
HOUSES = st.fixed_dictionaries(
    {"area": st.floats(1, 1000), "rooms": st.integers(0, 2000)},
    optional={"garden": st.booleans(), "age": st.floats(-1e30, 1e30)},
)


def message(houses: list[dict[str, Any]]) -> bytes:
    request: Any = API.request
    return bytes(request(houses=houses).SerializeToString())


def is_uniform(houses: list[dict[str, Any]]) -> bool:
    assert WIRE._uniform
    return WIRE._uniform.read(message(houses)) is not None


@settings(deadline=None, max_examples=100)
@given(st.lists(HOUSES, min_size=1, max_size=4), st.booleans())
def test_prices_are_asked_for_the_same_houses_whatever_reads_them(
    houses: list[dict[str, Any]], one_kind: bool
) -> None:
    raw = message((houses[:1] if one_kind else houses) * FEWEST_ROWS)
    fast, slow = WIRE.read(raw, max_rows=10_000), CODEC.decode_each(raw, max_rows=10_000)
    assert np.array_equal(fast.numbers, slow.numbers, equal_nan=True)


@pytest.mark.parametrize(
    "other",
    [
        {"rooms": 300},
        {"area": 0.5},
        {"area": float("nan")},
        {"age": None},
        {"garden": None},
        {"reference": "x"},
    ],
)
def test_one_other_house_sends_all_to_the_other_readers(other: dict[str, Any]) -> None:
    assert is_uniform([HOUSE] * FEWEST_ROWS)
    assert not is_uniform([HOUSE] * FEWEST_ROWS + [{**HOUSE, **other}])


def test_what_all_leave_out_stands_for_what_the_contract_says() -> None:
    houses = [{"area": 100.0, "rooms": 200}] * FEWEST_ROWS
    assert is_uniform(houses)
    assert not is_uniform([{"rooms": 3}] * FEWEST_ROWS)
    assert np.array_equal(
        WIRE.read(message(houses), max_rows=100).numbers[0], [100, 200, 0, np.nan], equal_nan=True
    )


def test_a_number_that_does_not_end_with_its_house_is_refused() -> None:
    """Found by a million changed requests: the last such number would end behind the message."""
    house_of_three_bytes = b"\x0a\x03\x09\0\0"
    with pytest.raises(BadMessage):
        CODEC.read(house_of_three_bytes * FEWEST_ROWS, max_rows=100)
