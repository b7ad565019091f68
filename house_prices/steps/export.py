"""The fitted pipeline as one self-contained ONNX graph, and running that graph."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType

from house_prices.contract import Contract
from house_prices.registry import Golden
from house_prices.steps.inputs import Inputs
from house_prices.steps.train import Fitted

OPSET = {"": 18, "ai.onnx.ml": 3}
GOLDEN_ROWS = 16


def export(fitted: Fitted, contract: Contract) -> bytes:
    """The model file: inputs `numbers` and `categories`, output `price` float32 [N, 1].

    Its metadata names the market and the contract's digest.
    """
    types: list[tuple[str, Any]] = [("numbers", FloatTensorType([None, len(contract.numbers)]))]
    if contract.categories:
        types.append(("categories", StringTensorType([None, len(contract.categories)])))
    model = to_onnx(fitted.model.regressor_, initial_types=types, target_opset=OPSET)
    _name_price(model.graph, exponential=contract.target.log)
    model.doc_string = f"{contract.title}: {contract.target.name} in {contract.target.unit}"
    facts = {"market": contract.name, "contract_digest": contract.digest, "estimator": fitted.best.estimator}
    helper.set_model_props(model, facts)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def _name_price(graph: onnx.GraphProto, *, exponential: bool) -> None:
    """End the graph in `price`, through Exp where the pipeline was fitted on logarithms."""
    (fitted,) = (output.name for output in graph.output)
    graph.node.append(helper.make_node("Exp" if exponential else "Identity", [fitted], ["price"]))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("price", TensorProto.FLOAT, [None, 1]))


def session(model: bytes) -> ort.InferenceSession:
    """An onnxruntime session on a model's bytes."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def predict(model: ort.InferenceSession, houses: Inputs) -> NDArray[np.float64]:
    """The served price of each house: [rows]."""
    (price,) = model.run(["price"], houses.feeds)
    return np.asarray(price, dtype=np.float64).ravel()


def golden(model: ort.InferenceSession, houses: Inputs) -> Golden:
    """The first houses with the prices the model gives them, for a server to replay."""
    some = houses[:GOLDEN_ROWS]
    return Golden(
        numbers=tuple(tuple(map(float, row)) for row in some.numbers),
        categories=tuple(tuple(map(str, row)) for row in some.categories),
        prices=tuple(map(float, predict(model, some))),
    )


def ranges(houses: Inputs, contract: Contract) -> Mapping[str, tuple[float, float]]:
    """Least and greatest known value of each number in training; none where all are missing."""
    found = {}
    for column, feature in enumerate(contract.numbers):
        known = houses.numbers[:, column]
        known = known[~np.isnan(known)]
        if len(known):
            found[feature.name] = (float(known.min()), float(known.max()))
    return found
