"""log(1 + x) inside a pipeline, and the same inside an ONNX graph: scikit-learn's own has no ONNX form."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin


class Logarithm(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # untyped
    """log(1 + x) of numbers from 0: areas differ by shares, and so do prices."""

    def fit(self, features: NDArray[Any], _: object = None) -> "Logarithm":
        """There is nothing to learn but how many columns there are."""
        self.n_features_in_ = features.shape[1]
        return self

    def transform(self, features: NDArray[Any]) -> NDArray[np.float64]:
        """An array of [rows, columns]."""
        return np.log1p(np.asarray(features, dtype=np.float64))


def shape(operator: Any) -> None:
    """What skl2onnx asks first: the output is as wide as the input."""
    operator.outputs[0].type = FloatTensorType([None, operator.raw_operator.n_features_in_])


def convert(scope: Any, operator: Any, container: Any) -> None:
    """The same as nodes of the graph."""
    one, more = scope.get_unique_variable_name("one"), scope.get_unique_variable_name("more")
    container.add_initializer(one, TensorProto.FLOAT, [], [1.0])
    container.add_node("Add", [operator.inputs[0].full_name, one], more, name=more)
    container.add_node("Log", more, operator.outputs[0].full_name, name=f"{more}_log")
