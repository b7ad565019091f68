"""Contributions of features beside those of the library shap, which takes seconds to load."""

import numpy as np
import pytest
import shap

from tests.unit.inference_server.models.test_explainer import (
    HUT,
    LOG,
    NUMBERS,
    TEXTS,
    Interacting,
    explaining,
    never,
)


@pytest.mark.parametrize(("three", "error"), [(0.0, 1e-6), (0.01, 0.02)])
def test_contributions_are_those_of_the_shap_library(three: float, error: float) -> None:
    model = Interacting(three)
    found = explaining(model, target=LOG).explain(HUT, never)
    ours = {one.features[0]: np.log(one.factor or np.nan) for one in found.contributions}
    gables = np.array([[float(texts[0] == "gable")] for texts in TEXTS])
    exact = shap.explainers.Exact(
        lambda rows: model.logarithm(rows[:, :4], rows[:, 4]),
        shap.maskers.Independent(np.hstack([NUMBERS, gables]), max_samples=12),
    )
    theirs = exact(np.hstack([HUT.numbers, [[1.0]]])).values[0]
    names = ("area", "rooms", "garden", "age", "roof")
    assert [ours[name] for name in names] == pytest.approx(theirs.tolist(), abs=error)
    assert ours["view"] == ours["style"] == 0
