"""Intervals in the model file: the graph's answers beside numpy's."""

from dataclasses import replace

import numpy as np
import pytest

from house_prices.training import onnx_export, train
from house_prices.training.calibration import calibrate
from house_prices.training.conformal import Intervals
from house_prices.training.features import inputs
from tests.hut_sales import contract, sales

STEPS = Intervals(
    alpha=0.1, edges=(50_000.0, 120_000.0), lower=(0.5, 0.75, 0.875), upper=(2.0, 1.5, 1.25), sales=(50,) * 3
)


@pytest.mark.parametrize("log", [True, False])
def test_the_graph_answers_the_ends_that_numpy_does(log: bool) -> None:
    of = contract(log=log)
    fitted = replace(train.train(sales(), of), intervals=STEPS)
    model, houses = onnx_export.session(onnx_export.export(fitted, of)), inputs(sales(), of)
    found = onnx_export.predictions(model, houses, np.zeros(len(houses)))
    price, ends = found.price, (found.lower, found.upper)
    assert np.unique(np.searchsorted(STEPS.edges, price)).tolist() == [0, 1, 2]
    assert np.array(ends) == pytest.approx(np.array(STEPS.around(price)), rel=1e-6)


def test_each_output_is_a_column_of_float32_and_the_ends_enclose_the_price() -> None:
    of = contract(log=True)
    fitted = replace(train.train(sales(), of), intervals=STEPS)
    model = onnx_export.session(onnx_export.export(fitted, of))
    price, lower, upper = model.run(["price", "price_lower", "price_upper"], inputs(sales(), of).feeds)
    assert [output.dtype for output in (price, lower, upper)] == [np.float32] * 3
    assert [output.shape for output in (price, lower, upper)] == [(200, 1)] * 3
    assert (lower <= price).all()
    assert (price <= upper).all()


def test_one_bin_needs_no_edge() -> None:
    of = contract(log=False)
    one = Intervals(alpha=0.1, edges=(), lower=(0.5,), upper=(1.5,), sales=(30,))
    model = onnx_export.session(onnx_export.export(replace(train.train(sales(), of), intervals=one), of))
    houses = inputs(sales(), of)
    found = onnx_export.predictions(model, houses, np.zeros(len(houses)))
    price, ends = found.price, (found.lower, found.upper)
    assert np.array(ends) == pytest.approx(np.array([price * 0.5, price * 1.5]), rel=1e-6)


def test_calibration_sales_decide_and_without_enough_of_them_there_is_only_a_price() -> None:
    of = contract(log=True)
    fitted = train.train(sales(), of)
    known = calibrate(fitted, sales(60), of).intervals
    assert known is not None
    assert known.sales == (60,)
    model = onnx_export.session(onnx_export.export(calibrate(fitted, sales(10), of), of))
    assert onnx_export.predictions(model, inputs(sales(), of), np.zeros(200)).lower is None
