"""Exports the fitted pipeline as one self-contained ONNX graph, and runs that graph."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from house_prices.contract.schema import Contract
from house_prices.registry import Golden
from house_prices.training import blend, log1p, onnx_folding, onnx_intervals, onnx_scaling, onnx_time
from house_prices.training.features import VALUATION_DATE, Inputs
from house_prices.training.fitted import Fitted
from house_prices.training.predictions import Predictions
from house_prices.training.time_adjustment import DAY, INDEX, NOTHING

OPSET = {"": 18, "ai.onnx.ml": 3}
GOLDEN_ROWS = 16
_OWN = {blend.Blend: blend, log1p.Logarithm: log1p}
"""Estimators that skl2onnx does not know, and the module that converts each to nodes."""
_SCALERS = (MinMaxScaler, StandardScaler)
"""Where there are categories, which scikit-learn scales numbers beside in float64, not in float32."""


def export(fitted: Fitted, contract: Contract) -> bytes:
    """The model file: inputs `numbers` and `categories`, if there are such; output `price` float32 [N, 1].

    If intervals were calibrated, there are two more outputs like it, `price_lower` and `price_upper`. If
    prices depend on the date, `valuation_date` float32 [N, 1] is one more input, which may be left out.
    The metadata names the market and the contract's digest.
    """
    from skl2onnx import convert_sklearn  # takes half a second to load, and only training needs it
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    time = fitted.time or NOTHING
    numbers = onnx_time.FEATURES if time.method == DAY else "numbers"
    width = len(time.contract(contract).numbers)
    types: list[tuple[str, Any]] = [(numbers, FloatTensorType([None, width]))] if width else []
    if contract.categories:
        types.append(("categories", StringTensorType([None, len(contract.categories)])))
    _round_thresholds(fitted.model.regressor_["model"])
    converters = {kind: module.convert for kind, module in _OWN.items()}
    if contract.categories:
        converters |= dict.fromkeys(_SCALERS, onnx_scaling.convert)
    model = convert_sklearn(
        fitted.model.regressor_,
        name=contract.name,  # the default is random and would make each export a different file
        initial_types=types,
        target_opset=OPSET,
        custom_conversion_functions=converters,
        custom_shape_calculators={kind: module.shape for kind, module in _OWN.items()},
    )
    # The converter declares the oldest versions that its own nodes need, in no fixed order.
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid(domain, version) for domain, version in OPSET.items())
    _name_price(model.graph, exponential=contract.target.log)
    onnx_folding.fold(model.graph)
    if onnx_time.has_date(time):
        onnx_time.add(model.graph, time, len(contract.numbers))
    if fitted.intervals:
        wider = onnx_time.widening(time, fitted.intervals) if time.method == INDEX else None
        onnx_intervals.add(model.graph, fitted.intervals, wider)
    model.doc_string = f"{contract.title}: {contract.target.name} in {contract.target.unit}"
    facts = {"market": contract.name, "contract_digest": contract.digest, "estimator": fitted.best.estimator}
    helper.set_model_props(model, facts)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def _round_thresholds(model: Any) -> None:
    """Round the thresholds of gradient boosting down to float32.

    Every number that float32 holds stays on its side of them. Rounded to the nearest, one may reach the next.
    """
    for (tree,) in getattr(getattr(model, "boosting_", model), "_predictors", []):
        exact = tree.nodes["num_threshold"]
        near = exact.astype(np.float32)
        tree.nodes["num_threshold"] = np.where(near > exact, np.nextafter(near, np.float32(-np.inf)), near)


def _name_price(graph: onnx.GraphProto, *, exponential: bool) -> None:
    """End the graph in `price`, through Exp if the pipeline was fitted on logarithms."""
    (fitted,) = (output.name for output in graph.output)
    if exponential:
        graph.node.append(helper.make_node("Exp", [fitted], ["price"]))
    else:
        (last,) = (node for node in graph.node if fitted in node.output)
        last.output[0] = "price"
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("price", TensorProto.FLOAT, [None, 1]))


def session(model: bytes) -> ort.InferenceSession:
    """An onnxruntime session for a model file's bytes."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def feeds(model: ort.InferenceSession, houses: Inputs) -> dict[str, NDArray[Any]]:
    """What the model takes of the houses: not the date, if its prices do not depend on it."""
    takes = {each.name for each in (*model.get_inputs(), *model.get_overridable_initializers())}
    return {name: values for name, values in houses.feeds.items() if name in takes}


def predict(model: ort.InferenceSession, houses: Inputs) -> NDArray[np.float64]:
    """The served price of each house: [rows]."""
    (price,) = model.run(["price"], feeds(model, houses))
    return np.asarray(price, dtype=np.float64).ravel()


def predictions(model: ort.InferenceSession, houses: Inputs, actual: NDArray[np.float64]) -> Predictions:
    """The served price and interval of each house, in one run of the model. `actual`: [rows]."""
    price, *ends = (
        np.asarray(column, np.float64).ravel() for column in model.run(None, feeds(model, houses))
    )
    lower, upper = ends or (None, None)
    return Predictions(actual=actual, price=price, lower=lower, upper=upper)


def golden(model: ort.InferenceSession, houses: Inputs) -> Golden:
    """The first houses with the model's prices for them, for a server to replay.

    If prices depend on the date, they are as of the day of each sale, and one as of the reference date.
    """
    some = houses[:GOLDEN_ROWS]
    dated = VALUATION_DATE in feeds(model, some)
    if dated and some.days is not None:
        some.days[-1:] = np.nan
    return Golden(
        numbers=tuple(tuple(map(float, row)) for row in some.numbers),
        categories=tuple(tuple(map(str, row)) for row in some.categories),
        prices=tuple(map(float, predict(model, some))),
        days=tuple(map(float, some.days)) if dated and some.days is not None else None,
    )


def ranges(houses: Inputs, contract: Contract) -> Mapping[str, tuple[float, float]]:
    """Least and greatest known value of each number in training; a number that is never known has none."""
    found = {}
    for column, feature in enumerate(contract.numbers):
        known = houses.numbers[:, column]
        known = known[~np.isnan(known)]
        if len(known):
            found[feature.name] = (float(known.min()), float(known.max()))
    return found
