"""Simulated holdouts, for which the true quality of two models is known.

Both models are real ONNX files that return a column of the sales, so that the project's own champion
comparison and gate run on simulated errors. These are modelled on Ames: 586 holdout sales with log errors of
0.14 and tails as heavy as Student's t with 4 degrees of freedom. The errors of two trainings of one estimator
correlate at 0.97, those of gradient boosting and ridge regression at 0.86. A few properties are sold twice.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from onnx import TensorProto, helper

from house_prices import gate
from house_prices.contract import reader
from house_prices.contract.schema import Contract
from house_prices.evaluation import measure
from house_prices.evaluation.evaluation import ChampionComparison
from house_prices.sales.columns import GROUP, HOLDOUT, PART
from house_prices.training import onnx_export
from house_prices.training.features import inputs, prices
from tests import evaluations as sound

SALES = 550
SOLD_TWICE = 30
ERROR = 0.14
"""Standard deviation of predicted / actual on the log scale, of the champion."""
FREEDOM = 4
RETRAINED, ANOTHER_KIND = 0.97, 0.86
"""Correlations of two models' errors."""

CONTRACT = reader.from_values(
    {
        "name": "simulated",
        "title": "Simulated sales",
        "target": {"column": "Price", "unit": "USD"},
        "features": [
            {"name": "candidate", "column": "Candidate", "number": 1, "kind": "number"},
            {"name": "champion", "column": "Champion", "number": 2, "kind": "number"},
            {"name": "riverside", "column": "Riverside", "number": 3, "kind": "flag"},
        ],
        "training": {"candidates": {"ridge": {}}},
    }
)
SLICED = replace(CONTRACT, slices=("riverside",))


@dataclass(frozen=True, kw_only=True)
class Holdout:
    """Sales, and the components of both models' errors on them."""

    actual: NDArray[np.float64]
    property: NDArray[np.uint64]
    riverside: NDArray[np.bool_]
    common: NDArray[np.float64]
    """The errors that both models share, of variance 1 and equal for the sales of one property."""
    own: NDArray[np.float64]
    """The champion's own errors."""


def holdout(draw: np.random.Generator, sales: int = SALES) -> Holdout:
    """New sales and the champion's errors on them."""
    property_of = np.arange(sales) % (sales - SOLD_TWICE)
    return Holdout(
        actual=np.exp(draw.normal(12.0, 0.4, sales)),
        property=property_of.astype(np.uint64),
        riverside=draw.random(sales) < 0.25,
        common=_noise(draw, sales)[property_of],
        own=_noise(draw, sales),
    )


def challenge(
    held: Holdout,
    draw: np.random.Generator,
    *,
    worse: float | NDArray[np.float64] = 0.0,
    correlation: float = RETRAINED,
) -> pd.DataFrame:
    """The sales with both models' prices. The candidate's true RMSLE is `worse` than the champion's."""
    shared, apart = np.sqrt(correlation) * held.common, np.sqrt(1 - correlation)
    mine, theirs = shared + apart * _noise(draw, len(held.actual)), shared + apart * held.own
    return priced(
        held, held.actual * np.exp(ERROR * (1 + worse) * mine), held.actual * np.exp(ERROR * theirs)
    )


def priced(held: Holdout, candidate: NDArray[np.float64], champion: NDArray[np.float64]) -> pd.DataFrame:
    """The sales with these prices."""
    columns = {"candidate": candidate, "champion": champion, "riverside": held.riverside.astype(float)}
    return pd.DataFrame({**columns, "price": held.actual, GROUP: held.property, PART: HOLDOUT})


def _noise(draw: np.random.Generator, sales: int) -> NDArray[np.float64]:
    """Heavy-tailed, of variance 1: [sales]."""
    return np.asarray(draw.standard_t(FREEDOM, sales) / np.sqrt(FREEDOM / (FREEDOM - 2)))


def _answering(feature: str, version: int) -> measure.Model:
    """A model that returns a column of the sales."""
    at = [one.name for one in CONTRACT.numbers].index(feature)
    graph = helper.make_graph(
        [helper.make_node("Gather", ["numbers", "at"], ["price"], axis=1)],
        feature,
        [helper.make_tensor_value_info("numbers", TensorProto.FLOAT, ["N", len(CONTRACT.numbers)])],
        [helper.make_tensor_value_info("price", TensorProto.FLOAT, ["N", 1])],
        [helper.make_tensor("at", TensorProto.INT64, [1], [at])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return measure.Model(
        version=version,
        sha256=feature,
        contract=CONTRACT,
        session=onnx_export.session(model.SerializeToString()),
        trained_on=np.array([], dtype=np.uint32),
        data=None,
    )


CANDIDATE, CHAMPION = _answering("candidate", 2), _answering("champion", 1)
NEWER = replace(CANDIDATE, data="newer sales")


def judge(
    sales: pd.DataFrame,
    *,
    turn: int = 1,
    candidate: measure.Model = CANDIDATE,
    champion: measure.Model = CHAMPION,
    contract: Contract = CONTRACT,
    **known: Any,
) -> tuple[ChampionComparison, gate.GateDecision]:
    """The decision on the `turn`-th candidate on its holdout; in all that is not `known` it is sound."""
    held_out = sales[sales[PART] == HOLDOUT]
    found = measure.predict(candidate, inputs(held_out, contract), prices(held_out, contract))
    comparison = measure.compare(candidate, champion, sales, found, contract, evaluations=turn)
    evaluation = sound.evaluation(champion=comparison, evaluations=turn, **known)
    return comparison, gate.decide(evaluation, contract.gate)
