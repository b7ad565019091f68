"""A candidate is asked for each price once, whoever reads it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from house_prices.evaluation import evaluate
from house_prices.registry import Registry
from house_prices.sales.columns import GROUP, HOLDOUT, PART, TRAIN
from house_prices.training import onnx_export, train
from tests import clean_sales, evaluations, models

HUTS = models.contract()
TRAINED = clean_sales.huts(300).assign(**{PART: TRAIN})
HELD_OUT = clean_sales.huts(100, seed=1).assign(**{PART: HOLDOUT})


class Counting:
    """A session, or a pipeline, that counts how often it is asked."""

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)

    def run(self, *given: Any) -> Any:
        self.asked += 1
        return self._wrapped.run(*given)

    def predict(self, *given: Any) -> Any:
        self.asked += 1
        return self._wrapped.predict(*given)


def test_onnx_and_scikit_learn_price_the_holdout_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    splits = clean_sales.pd.concat([TRAINED, HELD_OUT], ignore_index=True)
    splits[GROUP] = np.arange(len(splits), dtype=np.uint64)
    fitted = train.train(TRAINED, HUTS)
    registry = Registry(tmp_path)
    models.publish(registry, HUTS, model=onnx_export.export(fitted, HUTS))
    sessions: list[Counting] = []

    def session(model: bytes) -> Counting:
        sessions.append(Counting(real(model)))
        return sessions[-1]

    real = onnx_export.session
    monkeypatch.setattr(onnx_export, "session", session)
    pipeline = Counting(fitted.model)
    object.__setattr__(fitted, "model", pipeline)
    found = evaluate.evaluate(splits, fitted, 1, HUTS, registry, serve=lambda *_: evaluations.serving())
    assert [one.asked for one in sessions] == [1]
    assert pipeline.asked == 1
    assert len(found.predictions) == 100
    assert found.parity <= 1e-5
