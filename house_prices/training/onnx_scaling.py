"""Scalers in an exported graph, as exact as float32 allows.

skl2onnx rounds the offset of a column to float32, which is much for one that is narrow and far from 0, such
as degrees of longitude within a town.
"""

from typing import Any

import numpy as np
from onnx import TensorProto
from sklearn.preprocessing import MinMaxScaler


def convert(scope: Any, operator: Any, container: Any) -> None:
    """Add nodes that subtract a rounded offset, scale, and add what was lost in rounding."""
    scaler = operator.raw_operator
    if isinstance(scaler, MinMaxScaler):
        offset, scale = scaler.data_min_, scaler.scale_
    else:
        offset, scale = scaler.mean_, 1 / scaler.scale_
    near = offset.astype(np.float32)
    scaled, rest = scope.get_unique_variable_name("scaled"), scope.get_unique_variable_name("rest")
    container.add_node(
        "Scaler",
        operator.inputs[0].full_name,
        scaled,
        op_domain="ai.onnx.ml",
        name=scaled,
        offset=near.tolist(),
        scale=scale.tolist(),
    )
    container.add_initializer(rest, TensorProto.FLOAT, [len(offset)], ((near - offset) * scale).tolist())
    container.add_node("Add", [scaled, rest], operator.outputs[0].full_name, name=rest)
