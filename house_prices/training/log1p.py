"""log(1 + x) in a pipeline and in its ONNX graph. skl2onnx cannot convert scikit-learn's own transformer."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin


class Logarithm(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # untyped
    """log(1 + x) of non-negative numbers: areas, like prices, compare by ratio."""

    def fit(self, features: NDArray[Any], _: object = None) -> "Logarithm":
        """Remember the number of columns; there is nothing else to learn."""
        self.n_features_in_ = features.shape[1]
        return self

    def transform(self, features: NDArray[Any]) -> NDArray[np.float64]:
        """Logarithms: [rows, columns]."""
        return np.log1p(np.asarray(features, dtype=np.float64))


def shape(operator: Any) -> None:
    """Tell skl2onnx the output's shape: as wide as the input."""
    from skl2onnx.common.data_types import FloatTensorType

    operator.outputs[0].type = FloatTensorType([None, operator.raw_operator.n_features_in_])


def convert(scope: Any, operator: Any, container: Any) -> None:
    """Add the nodes that compute the same in the graph."""
    one, more = scope.get_unique_variable_name("one"), scope.get_unique_variable_name("more")
    container.add_initializer(one, TensorProto.FLOAT, [], [1.0])
    container.add_node("Add", [operator.inputs[0].full_name, one], more, name=more)
    container.add_node("Log", more, operator.outputs[0].full_name, name=f"{more}_log")
