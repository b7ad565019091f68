"""The valuation date in the model's graph: an optional input, and two tables by day.

An ONNX input with an initializer of its name may be left out. `valuation_date` is such an input, [1, 1] or
[N, 1], in days from 1970-01-01; left out or NaN, it is the reference date. onnxruntime does not list it among
a session's inputs, so whoever does not know of dates asks as before.
"""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from scipy import stats

from house_prices.training.conformal import Intervals
from house_prices.training.features import VALUATION_DATE
from house_prices.training.time_adjustment import DAY, INDEX, TimeAdjustment

FEATURES = "numbers_and_day"
"""The pipeline's input of numbers, if the day is one of them."""
DAY_AT = "day_at"
"""The tensor with each price's place in tables by day."""


def has_date(time: TimeAdjustment | None) -> bool:
    """Whether prices depend on the valuation date."""
    return time is not None and time.method in (INDEX, DAY)


def add(graph: onnx.GraphProto, time: TimeAdjustment, width: int) -> None:
    """Make `price` depend on the date: by a factor for each day, or by the day among the features.

    `width` is that of the input `numbers`.
    """
    node = helper.make_node
    constants: dict[str, NDArray[Any] | np.generic] = {
        VALUATION_DATE: np.array([[np.nan]], np.float32),
        "day_reference": np.float32(time.reference),
        "day_first": np.float32(time.first),
        "day_zero": np.float32(0),
        "day_last": np.float32(time.until - time.first),
    }
    first = [
        node("IsNaN", [VALUATION_DATE], ["day_left_out"]),
        node("Where", ["day_left_out", "day_reference", VALUATION_DATE], ["day_asked"]),
        node("Sub", ["day_asked", "day_first"], ["day_since"]),
        node("Clip", ["day_since", "day_zero", "day_last"], ["day_within"]),
        node("Cast", ["day_within"], [DAY_AT], to=TensorProto.INT64),
    ]
    graph.input.append(helper.make_tensor_value_info(VALUATION_DATE, TensorProto.FLOAT, [None, 1]))
    if time.method == DAY:
        first += _feature(graph, time, width, constants)
    else:
        graph.node[-1].output[0] = "price_at_reference"
        constants["time_factors"] = np.exp(time.level).astype(np.float32)
        graph.node.append(node("Gather", ["time_factors", DAY_AT], ["time_factor"]))
        graph.node.append(node("Mul", ["price_at_reference", "time_factor"], ["price"]))
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()
    )
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend([*first, *rest])


def widening(time: TimeAdjustment, intervals: Intervals) -> NDArray[np.float32]:
    """What to add to the square of an interval's score on each day: [days].

    The score of an end is |log(end / price)|. It was calibrated on days on which the market's level had a
    variance; on days with more, the rest is added, since independent errors add up as squares.
    """
    every = np.arange(time.first, time.until + 1, dtype=np.float64)
    beyond = np.maximum(time.variance(every) - intervals.variance, 0)
    return np.asarray(float(stats.norm.ppf(1 - intervals.alpha / 2)) ** 2 * beyond, dtype=np.float32)


def _feature(
    graph: onnx.GraphProto,
    time: TimeAdjustment,
    width: int,
    constants: dict[str, NDArray[Any] | np.generic],
) -> list[onnx.NodeProto]:
    """The day, which stops at the newest sale's, behind the numbers: the pipeline's own input."""
    own = next(put for put in graph.input if put.name == FEATURES)
    graph.input.remove(own)
    if width:
        graph.input.insert(0, helper.make_tensor_value_info("numbers", TensorProto.FLOAT, [None, width]))
    rows_of, day = ("numbers", "day_feature") if width else ("categories", FEATURES)
    constants |= {
        "day_newest": np.float32(time.last - time.first),
        "day_column": np.array([1], np.int64),
    }
    node = helper.make_node
    return [
        node("Min", ["day_within", "day_newest"], ["day_known"]),
        node("Shape", [rows_of], ["rows"], start=0, end=1),
        node("Concat", ["rows", "day_column"], ["day_shape"], axis=0),
        node("Expand", ["day_known", "day_shape"], [day]),
        *([node("Concat", ["numbers", day], [FEATURES], axis=1)] if width else []),
    ]
