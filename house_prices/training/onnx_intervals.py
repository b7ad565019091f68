"""Both ends of the prediction interval in the model's graph, computed at once.

Prices lie in a row here, and what belongs to a price below it: kernels then work along rows of as many
values as there are prices, not along columns of two or five.
"""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from house_prices.training.conformal import Intervals
from house_prices.training.onnx_time import DAY_AT


def add(graph: onnx.GraphProto, found: Intervals, widening: NDArray[np.float32] | None = None) -> None:
    """Add the outputs `price_lower` and `price_upper`, float32 [N, 1], with lower <= price <= upper.

    Each edge below a price is a step from one bin's factors to the next one's. `widening` has the squares
    that each day adds to the scores, which are the logarithms of the factors.
    """
    factors = np.array([found.lower, found.upper], dtype=np.float64)
    by_bin = factors if widening is None else np.log(factors)
    constants: dict[str, NDArray[Any]] = {
        "interval_row": np.array([1, -1], dtype=np.int64),
        "interval_column": np.array([-1, 1], dtype=np.int64),
        "interval_edges": np.array(found.edges, dtype=np.float32).reshape(-1, 1),
        "interval_steps": np.diff(by_bin).astype(np.float32),
        "interval_first": by_bin[:, :1].astype(np.float32),
    }
    node = helper.make_node
    nodes = [
        node("Reshape", ["price", "interval_row"], ["price_row"]),
        node("Greater", ["price_row", "interval_edges"], ["is_above_edge"]),
        node("Cast", ["is_above_edge"], ["steps_taken"], to=TensorProto.FLOAT),
        node("Gemm", ["interval_steps", "steps_taken", "interval_first"], ["interval_by_bin"]),
    ]
    if widening is not None:
        constants |= {"time_widening": widening, "interval_sides": np.array([[-1], [1]], dtype=np.float32)}
        nodes += _widened()
    nodes += [
        node("Mul", [nodes[-1].output[0], "price_row"], ["interval_ends"]),
        node("Split", ["interval_ends"], ["lower_end", "upper_end"], axis=0, num_outputs=2),
    ]
    for end, outermost in {"lower": "Min", "upper": "Max"}.items():  # of a negative price, too
        nodes.append(node(outermost, [f"{end}_end", "price_row"], [f"{end}_row"]))
        nodes.append(node("Reshape", [f"{end}_row", "interval_column"], [f"price_{end}"]))
        graph.output.append(helper.make_tensor_value_info(f"price_{end}", TensorProto.FLOAT, [None, 1]))
    graph.node.extend(nodes)
    graph.initializer.extend(numpy_helper.from_array(values, name) for name, values in constants.items())


def _widened() -> list[onnx.NodeProto]:
    """Factors from the scores of each price's bin and the widening of its day."""
    node = helper.make_node
    return [
        node("Mul", ["interval_by_bin", "interval_by_bin"], ["score_square"]),
        node("Gather", ["time_widening", DAY_AT], ["wider"]),
        node("Reshape", ["wider", "interval_row"], ["wider_row"]),
        node("Add", ["score_square", "wider_row"], ["wider_square"]),
        node("Sqrt", ["wider_square"], ["distance"]),
        node("Mul", ["distance", "interval_sides"], ["score"]),
        node("Exp", ["score"], ["interval_factors"]),
    ]
