"""Which model files may serve."""

from typing import Any

import numpy as np
import onnx
import pytest

from house_prices.registry import Golden
from inference_server.arrays import Inputs
from inference_server.errors import ModelFailed
from inference_server.models import onnx_session
from inference_server.models.onnx_session import ModelRefused
from tests import models

CONTRACT = models.contract()
GOLDEN = models.golden(CONTRACT, base=5)
SOUND = models.onnx_model(CONTRACT, base=5)


def changed(change: Any) -> bytes:
    """The sound model after a change to its graph."""
    model = onnx.load_from_string(SOUND)
    change(model)
    return bytes(model.SerializeToString())


def test_a_sound_model_answers() -> None:
    model = onnx_session.load(SOUND, CONTRACT, GOLDEN)
    categories = np.array([["flat", "none", ""]], np.object_)
    inputs = Inputs(numbers=np.array([[100, 3, 0, np.nan]], np.float32), categories=categories)
    assert model.predict(inputs).price.tolist() == [1208]
    assert model.predict(inputs).lower is None


def test_a_model_with_an_interval_gives_it() -> None:
    model = onnx_session.load(models.interval_model(CONTRACT, base=5), CONTRACT, GOLDEN)
    categories = np.array([["flat", "none", ""]], np.object_)
    prices = model.predict(Inputs(numbers=np.array([[100, 3, 0, 0]], np.float32), categories=categories))
    assert prices.lower is not None
    assert prices.upper is not None
    assert (prices.lower[0], prices.price[0], prices.upper[0]) == (1108, 1208, 1308)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cannot load"),
        (SOUND[: len(SOUND) // 2], "cannot load"),
        (b"\0" * 1000, "cannot load"),
        (models.onnx_model(CONTRACT, base=5, output="value"), "outputs: came value tensor"),
        (models.onnx_model(CONTRACT, base=5, metadata={"market": "huts"}), "contract_digest: came None"),
        (models.onnx_model(models.contract(name="cabins"), base=5), "market: came 'cabins', allowed: 'huts'"),
        (changed(lambda model: model.graph.input.pop()), "cannot load"),
    ],
)
def test_a_file_that_is_not_the_contracts_model_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ModelRefused, match=reason):
        onnx_session.load(content, CONTRACT, GOLDEN)


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        (4, r"inputs: came numbers tensor\(float\) \[N, 4\], allowed: .*numbers tensor\(float\) \[N, 4\]"),
        (5, r"inputs: came .*categories tensor\(string\) \[N, 1\].*, allowed: .*categories .* \[N, 3\]"),
    ],
)
def test_other_inputs_than_the_contracts_are_refused_with_both(features: int, reason: str) -> None:
    columns = models.HUTS["features"]
    assert isinstance(columns, list)
    other = models.contract(features=columns[:features])
    signed = {"market": "huts", "contract_digest": CONTRACT.digest}
    with pytest.raises(ModelRefused, match=reason):
        onnx_session.load(models.onnx_model(other, base=5, metadata=signed), CONTRACT, GOLDEN)


def test_a_model_of_a_fixed_number_of_rows_is_refused() -> None:
    def fix(model: Any) -> None:
        for node in (*model.graph.input, *model.graph.output):
            node.type.tensor_type.shape.dim[0].dim_value = 1

    with pytest.raises(ModelRefused, match=r"numbers tensor\(float\) \[1, 4\]"):
        onnx_session.load(changed(fix), CONTRACT, GOLDEN)


@pytest.mark.parametrize(
    ("golden", "reason"),
    [
        (models.golden(CONTRACT, base=5.1), "prices differ by 0.00049"),
        (Golden(numbers=(), categories=(), prices=()), "no golden rows"),
        (Golden(numbers=((1.0,),), categories=((),), prices=(1.0,)), "cannot be replayed"),
    ],
)
def test_a_model_that_does_not_answer_as_when_published_is_refused(golden: Golden, reason: str) -> None:
    with pytest.raises(ModelRefused, match=reason):
        onnx_session.load(SOUND, CONTRACT, golden)


def test_a_price_that_is_no_number_is_not_given_out() -> None:
    model = onnx_session.load(SOUND, CONTRACT, GOLDEN)
    categories = np.array([["flat", "none", ""]], np.object_)
    infinite = Inputs(numbers=np.array([[np.inf, 3, 0, 0]], np.float32), categories=categories)
    with pytest.raises(ModelFailed):
        model.predict(infinite)


def test_as_many_rows_count_as_quick_as_the_model_is_fast() -> None:
    slow = onnx_session.load(models.slow_model(CONTRACT), CONTRACT, models.golden(CONTRACT, base=0))
    quick = onnx_session.load(SOUND, CONTRACT, GOLDEN)
    assert quick.quick_rows > 50 * slow.quick_rows
