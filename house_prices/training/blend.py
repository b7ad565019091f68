"""A weighted mean of ridge regression and gradient boosting, whose errors partly cancel out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge


class Blend(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # untyped
    """share * ridge + (1 - share) * boosting, each fitted on its own columns."""

    def __init__(
        self,
        *,
        columns: int = 1,
        share: float = 0.5,
        alpha: float = 1.0,
        max_iter: int = 100,
        learning_rate: float = 0.1,
        max_leaf_nodes: int = 31,
        min_samples_leaf: int = 20,
        l2_regularization: float = 0.0,
        max_features: float = 1.0,
        early_stopping: bool | str = "auto",
        random_state: int | None = None,
    ) -> None:
        self.columns = columns
        """How many of the columns, from the first, are for boosting; the rest are for ridge."""
        self.share = share
        self.alpha = alpha
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.max_features = max_features
        self.early_stopping = early_stopping
        self.random_state = random_state

    def fit(
        self,
        features: NDArray[Any],
        target: NDArray[np.float64],
        sample_weight: NDArray[np.float64] | None = None,
    ) -> "Blend":
        """Fit both models on the same sales."""
        features = np.asarray(features, dtype=np.float64)
        self.width_ = features.shape[1]
        self.ridge_ = Ridge(alpha=self.alpha).fit(features[:, self.columns :], target, sample_weight)
        self.boosting_ = self._boosting().fit(features[:, : self.columns], target, sample_weight)
        return self

    def predict(self, features: NDArray[Any]) -> NDArray[np.float64]:
        """Predictions: [rows]."""
        features = np.asarray(features, dtype=np.float64)
        linear = self.ridge_.predict(features[:, self.columns :])
        boosted = self.boosting_.predict(features[:, : self.columns])
        return np.asarray(self.share * linear + (1 - self.share) * boosted)

    def _boosting(self) -> HistGradientBoostingRegressor:
        own = ("columns", "share", "alpha")
        given = {name: value for name, value in self.get_params().items() if name not in own}
        return HistGradientBoostingRegressor(**given)


def shape(operator: Any) -> None:
    """Tell skl2onnx the output's shape: one number a row."""
    from skl2onnx.common.data_types import FloatTensorType

    operator.outputs[0].type = FloatTensorType([None, 1])


def convert(scope: Any, operator: Any, container: Any) -> None:
    """Add the nodes that compute the same in the graph."""
    from skl2onnx.algebra.onnx_operator import OnnxSubEstimator
    from skl2onnx.algebra.onnx_ops import OnnxAdd, OnnxIdentity, OnnxMul, OnnxSlice

    blend, features, version = operator.raw_operator, operator.inputs[0], container.target_opset

    def part(model: Any, first: int, last: int, share: float) -> Any:
        bounds = [np.array([bound], dtype=np.int64) for bound in (first, last, 1)]
        own = OnnxSlice(features, *bounds, op_version=version)
        answer = OnnxSubEstimator(model, own, op_version=version)
        return OnnxMul(answer, np.array([share], dtype=np.float32), op_version=version)

    parts = [
        part(model, first, last, share)
        for model, first, last, share in (
            (blend.ridge_, blend.columns, blend.width_, blend.share),
            (blend.boosting_, 0, blend.columns, 1 - blend.share),
        )
        if share
    ]
    whole = OnnxAdd(*parts, op_version=version) if len(parts) > 1 else parts[0]
    OnnxIdentity(whole, op_version=version, output_names=operator.outputs[:1]).add_to(scope, container)
