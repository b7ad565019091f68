"""Folded graphs: fewer nodes, the same prices, and an offset that stays where float32 needs it."""

from collections import Counter

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper

from house_prices.contract.schema import Contract
from house_prices.training import estimators, onnx_export, onnx_folding
from house_prices.training.features import inputs, prices
from house_prices.training.fitted import Fitted
from house_prices.training.search import Trial
from tests import clean_sales, models
from tests.parity import parity

LOG = models.contract(target={"column": "Price", "log": True})


def exported(name: str, sales: pd.DataFrame, of: Contract) -> tuple[Fitted, bytes]:
    model = estimators.build(name, {}, of).fit(inputs(sales, of).joined, prices(sales, of))
    trial = Trial(estimator=name, parameters={}, rmsle=0.0, spread=0.0)
    fitted = Fitted(
        model=model, best=trial, trials=(trial,), cross_validation={}, rows=len(sales), search_rows=len(sales)
    )
    return fitted, onnx_export.export(fitted, of)


def operators(model: bytes) -> Counter[str]:
    return Counter(node.op_type for node in onnx.load_from_string(model).graph.node)


@pytest.mark.parametrize(
    ("name", "of"), [("linear", models.contract()), ("ridge", LOG)], ids=["linear", "ridge"]
)
def test_nothing_is_scaled_or_one_hot_before_a_linear_model(name: str, of: Contract) -> None:
    found = operators(exported(name, clean_sales.huts(100), of)[1])
    assert found["LabelEncoder"] == len(of.categories)
    assert not found.keys() & {"Scaler", "OneHotEncoder", "Mul", "Cast"}
    assert found["Add"] == found["Log"]  # of log(1 + x)


def test_codes_for_trees_are_floats_from_the_start() -> None:
    found = operators(exported("hist_gradient_boosting", clean_sales.huts(100), LOG)[1])
    assert not found.keys() & {"Cast", "Reshape"}


def test_each_model_of_a_blend_has_its_own_columns() -> None:
    found = operators(exported("blend", clean_sales.huts(100), LOG)[1])
    assert not found.keys() & {"Slice", "Cast", "Scaler", "OneHotEncoder"}
    assert found["Concat"] == 2


def test_a_column_far_from_0_keeps_its_subtraction_and_prices_stay_right() -> None:
    huts, sales = models.contract(), clean_sales.huts(300)
    far = sales.assign(area=700 + sales["area"] / 20)  # as far as degrees of latitude are within a city
    fitted, model = exported("ridge", far, huts)
    assert operators(model).keys() & {"Scaler", "Add"}
    assert parity(fitted, onnx_export.session(model), inputs(far, huts), huts)[0] <= 1e-5


def test_the_same_training_gives_the_same_file() -> None:
    first, second = (exported("blend", clean_sales.huts(100), LOG)[1] for _ in range(2))
    assert first == second


def graph_of(nodes: list[onnx.NodeProto], width: int, **constants: np.ndarray) -> onnx.ModelProto:
    numbers = helper.make_tensor_value_info("numbers", TensorProto.FLOAT, [None, width])
    price = helper.make_tensor_value_info("price", TensorProto.FLOAT, [None, 1])
    held = [numpy_helper.from_array(values, name) for name, values in constants.items()]
    graph = helper.make_graph(nodes, "g", [numbers], [price], held)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def linear(source: str, coefficients: list[float]) -> onnx.NodeProto:
    return helper.make_node(
        "LinearRegressor",
        [source],
        ["price"],
        domain="ai.onnx.ml",
        coefficients=coefficients,
        intercepts=[1.0],
    )


def test_a_chain_of_scalings_becomes_coefficients_and_an_intercept() -> None:
    nodes = [
        helper.make_node("Mul", ["numbers", "scale"], ["a"]),
        helper.make_node("Add", ["a", "offset"], ["b"]),
        linear("b", [3.0, 4.0]),
    ]
    model = graph_of(nodes, 2, scale=np.array([2, 10], np.float32), offset=np.array([1, 5], np.float32))
    onnx_folding.fold(model.graph)
    (node,) = model.graph.node
    found = {each.name: list(each.floats) for each in node.attribute}
    assert found == {"coefficients": [6.0, 40.0], "intercepts": [24.0]}
    assert (list(node.input), len(model.graph.initializer)) == (["numbers"], 0)


def test_what_is_no_scaling_stays_as_it_is() -> None:
    nodes = [helper.make_node("Log", ["numbers"], ["a"]), linear("a", [3.0, 4.0])]
    model = graph_of(nodes, 2)
    before = model.SerializeToString()
    onnx_folding.fold(model.graph)
    assert model.SerializeToString() == before
