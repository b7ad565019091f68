"""Contributions of features: their sum, and what they are by another library."""

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from house_prices.registry import Background
from inference_server.arrays import Explanation, Inputs, Prices
from inference_server.errors import DeadlinePassed
from inference_server.models import explainer, onnx_session
from inference_server.models.explainer import Explainer
from inference_server.models.onnx_session import ModelRefused, OnnxModel
from tests import models

LOG = {"column": "Price", "unit": "EUR", "log": True}
DRAW = np.random.default_rng(3)
NUMBERS = DRAW.uniform(1, 9, (12, 4)).round(2)
STYLES = ("old", "new", "")
TEXTS = tuple(
    (DRAW.choice(["flat", "gable"]), DRAW.choice(["sea", "none"]), DRAW.choice(STYLES)) for _ in range(12)
)
BACKGROUND = Background(numbers=tuple(map(tuple, NUMBERS.tolist())), categories=TEXTS, one_of=())
HUT = Inputs(
    numbers=np.array([[7, 2, 1, np.nan]], np.float32), categories=np.array([["gable", "sea", ""]], object)
)


class Interacting:
    """exp of a sum in which features interact: two at a time, or three."""

    def __init__(self, three: float = 0.0) -> None:
        self._three = three

    def logarithm(self, numbers: Any, is_gable: Any) -> Any:
        area, rooms, garden, age = np.nan_to_num(np.asarray(numbers, np.float64), nan=5.0).T
        pairs = 0.03 * area * rooms + 0.2 * garden * is_gable + 0.1 * age
        return 10 + pairs + self._three * area * rooms * is_gable

    def predict(self, houses: Inputs) -> Prices:
        is_gable = np.asarray(houses.categories[:, 0] == "gable", np.float64)
        price = np.exp(self.logarithm(houses.numbers, is_gable))
        return Prices(price=price.astype(np.float32), lower=None, upper=None)


def explaining(model: object, background: Background = BACKGROUND, **contract: object) -> Explainer:
    return explainer.of(background, cast(OnnxModel, model), models.contract(**contract))


def told(explanation: Explanation) -> dict[str, float]:
    return {" ".join(one.features): one.amount for one in explanation.contributions}


def never() -> None:
    """A caller that waits."""


@pytest.fixture(scope="module")
def additive() -> OnnxModel:
    of = models.contract()
    return onnx_session.load(models.onnx_model(of, base=1000), of, models.golden(of, base=1000))


def test_of_an_additive_model_contributions_are_exact(additive: OnnxModel) -> None:
    found = explaining(additive).explain(HUT, never)
    mean = NUMBERS.mean(axis=0)
    assert found.price == 1000 + 10 * 7 + 2 + 1 + 2 * 100
    parts = told(found)
    assert parts["area"] == pytest.approx(10 * (7 - mean[0]), rel=1e-4)
    assert parts["rooms"] == pytest.approx(2 - mean[1], rel=1e-3)
    assert parts["age"] == pytest.approx(-mean[3], rel=1e-3)
    assert parts["roof"] == 0
    assert all(one.factor is None for one in found.contributions)


def test_the_largest_comes_first_and_all_sum_to_the_price(additive: OnnxModel) -> None:
    found = explaining(additive).explain(HUT, never)
    sizes = [abs(one.amount) for one in found.contributions]
    assert sizes == sorted(sizes, reverse=True)
    assert found.base + sum(told(found).values()) == pytest.approx(found.price, rel=1e-4)


@pytest.mark.parametrize("three", [0.0, 0.01])
def test_of_a_model_of_logarithms_factors_and_amounts_both_lead_to_the_price(three: float) -> None:
    found = explaining(Interacting(three), target=LOG).explain(HUT, never)
    factors = [one.factor for one in found.contributions if one.factor is not None]
    assert len(factors) == len(models.contract().features)
    assert found.base * np.prod(factors) == pytest.approx(found.price, rel=1e-4)
    assert found.base + sum(told(found).values()) == pytest.approx(found.price, rel=1e-4)


def test_flags_of_one_choice_are_one_feature() -> None:
    contract = models.contract()
    number = {"area": 7.0, "rooms": 2.0, "garden": 1.0, "age": 0.0}
    rows = tuple((number["area"], number["rooms"], float(at % 2), float(1 - at % 2)) for at in range(4))
    background = replace(BACKGROUND, numbers=rows, categories=TEXTS[:4], one_of=(("garden", "age"),))
    found = explainer.of(background, cast(OnnxModel, Interacting()), contract).explain(HUT, never)
    assert ("garden", "age") in [one.features for one in found.contributions]
    assert len(found.contributions) == len(contract.features) - 1


def test_a_typical_sale_itself_has_no_contributions(additive: OnnxModel) -> None:
    alone = replace(BACKGROUND, numbers=BACKGROUND.numbers[:1], categories=TEXTS[:1])
    house = Inputs(numbers=np.array(alone.numbers, np.float32), categories=np.array(TEXTS[:1], object))
    found = explaining(additive, alone).explain(house, never)
    assert found.base == found.price
    assert set(told(found).values()) == {0.0}


def test_an_explanation_ends_once_nobody_waits_for_it(additive: OnnxModel) -> None:
    def gone() -> None:
        raise DeadlinePassed

    with pytest.raises(DeadlinePassed):
        explaining(additive).explain(HUT, gone)


@pytest.mark.parametrize(
    "changes",
    [
        {"numbers": (), "categories": ()},
        {"numbers": ((1.0,),), "categories": TEXTS[:1]},
        {"one_of": (("garden", "attic"),)},
        {"one_of": (("garden", "garden"),)},
    ],
)
def test_a_background_that_does_not_fit_the_model_is_refused(
    additive: OnnxModel, changes: dict[str, Any]
) -> None:
    with pytest.raises(ModelRefused, match="background"):
        explaining(additive, replace(BACKGROUND, **changes))
