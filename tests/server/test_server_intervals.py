"""Intervals that training calibrated, as the real server answers them in both of its APIs."""

from collections.abc import Iterator

import numpy as np
import onnxruntime
import pytest

from house_prices.registry import Registry
from house_prices.training import onnx_export, train
from house_prices.training.background import background
from house_prices.training.calibration import calibrate
from house_prices.training.features import inputs
from inference_server.client import Client
from tests import hut_sales, models, servers, tensors
from tests.models import HUT
from tests.tensors import ROW, raw_request

OF = hut_sales.contract(log=True)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """The trained blend of huts, calibrated on sales of its own, as the champion."""
    fitted = calibrate(train.train(hut_sales.sales(), OF), hut_sales.sales(150), OF)
    model = onnx_export.export(fitted, OF)
    session, houses = onnx_export.session(model), inputs(hut_sales.sales(), OF)
    golden = onnx_export.golden(session, houses)
    typical = background(houses, onnx_export.predict(session, houses), OF)
    registry = Registry(tmp_path_factory.mktemp("server") / "models")
    models.promote(registry, models.publish(registry, OF, model=model, golden=golden, background=typical))
    return registry


@pytest.fixture(scope="module")
def server(registry: Registry) -> Iterator[servers.Running]:
    with servers.serving(registry.root) as running:
        running.says("model serves")
        yield running


@pytest.fixture(scope="module")
def session(registry: Registry) -> onnxruntime.InferenceSession:
    return onnx_export.session(registry.version("huts", 1).model.read_bytes())


def test_the_typed_api_answers_both_ends_around_the_price(
    server: servers.Running, session: onnxruntime.InferenceSession
) -> None:
    with Client(server.address) as client:
        price = client.predict("huts", [HUT]).prices[0]
    texts = np.array([["flat", "none", ""]], dtype=object)
    numbers = np.array([[100, 3, 0, np.nan]], dtype=np.float32)
    ends = session.run(["price_lower", "price", "price_upper"], {"numbers": numbers, "categories": texts})
    assert (price.lower, price.value, price.upper) == pytest.approx(tuple(float(end[0, 0]) for end in ends))
    assert price.lower < price.value < price.upper


def test_the_open_protocol_answers_three_outputs(server: servers.Running) -> None:
    with tensors.calling(server.address) as call:
        answer = call("ModelInfer", raw_request(2))
    named = [output.name for output in answer.outputs]
    values = [np.frombuffer(raw, "<f4") for raw in answer.raw_output_contents]
    assert named == ["price", "price_lower", "price_upper"]
    assert all(values[1] < values[0])
    assert all(values[0] < values[2])


def test_both_apis_answer_one_house_alike(server: servers.Running) -> None:
    assert ROW[:3] == [HUT["area"], HUT["rooms"], 0.0]
    with Client(server.address) as client, tensors.calling(server.address) as call:
        typed = client.predict("huts", [HUT]).prices[0]
        raw = [np.frombuffer(one, "<f4")[0] for one in call("ModelInfer", raw_request(1)).raw_output_contents]
    assert (typed.value, typed.lower, typed.upper) == pytest.approx(tuple(map(float, raw)))
