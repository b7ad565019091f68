"""The fast path for one house agrees with the slow one, or leaves the house to it."""

import math
from typing import Any

import numpy as np
import pytest

from house_prices.contract import proto
from inference_server.arrays import Inputs
from inference_server.codecs.one_house import OneHouse
from inference_server.codecs.typed import HouseCodec
from tests import models

CONTRACT = models.contract()
API = proto.load(CONTRACT)
HOUSE: dict[str, Any] = {
    "area": 100.0, "rooms": 3, "garden": False, "age": 0.0, "roof": "ça", "view": "sea", "style": "old"
}  # fmt: skip
RANGES = {"area": (0.1, 249.9), "rooms": (1.0, 9.0)}


def read(**changes: Any) -> Inputs | None:
    request: Any = API.request
    (house,) = request(houses=[{**HOUSE, **changes}]).houses
    return OneHouse(CONTRACT, RANGES).read(house)


def test_a_usual_house_is_read_as_field_by_field() -> None:
    request: Any = API.request
    raw = request(houses=[HOUSE]).SerializeToString()
    slow, fast = HouseCodec(CONTRACT, API).decode_each(raw, max_rows=1), read()
    assert fast
    assert fast.in_range
    assert np.array_equal(fast.numbers, slow.numbers)
    assert np.array_equal(fast.categories, slow.categories)


@pytest.mark.parametrize(
    "changes",
    [
        {"area": 0.5},  # below the contract
        {"area": 250.0},  # above the training
        {"rooms": 0},
        {"age": math.nan},
        {"age": 1e39},  # beyond float32
        {"roof": "thatched"},
        {"view": None},
        {"view": None, "reference": "mine"},  # as many fields as there should be, but others
        {"reference": "mine"},
    ],
)
def test_any_other_house_is_left_to_the_slow_path(changes: dict[str, Any]) -> None:
    assert read(**changes) is None


def test_the_ends_of_a_range_are_those_of_float32() -> None:
    assert read(area=float(np.float32(249.9)))
