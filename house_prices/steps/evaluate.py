"""What is known of a candidate before it is judged, measured on its ONNX file."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnxruntime as ort
import pandas as pd
from numpy.typing import NDArray

from house_prices.contract import Contract
from house_prices.steps.export import predict
from house_prices.steps.inputs import Inputs, inputs, prices
from house_prices.steps.metrics import measure
from house_prices.steps.train import Fitted, threads


@dataclass(frozen=True, kw_only=True)
class Rival:
    """The champion, scored again on the candidate's holdout."""

    version: int
    metrics: Mapping[str, float] | None
    """None where it cannot price this holdout."""
    problem: str = ""
    """Why it cannot."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A candidate's evidence."""

    version: int
    sha256: str
    metrics: Mapping[str, float]
    """On the holdout, from the ONNX model's prices."""
    cross_validation: Mapping[str, float]
    """On training sales, from scikit-learn, each priced by a model that was not fitted on it."""
    dummy: Mapping[str, float]
    """The same for a model that answers every house with the median training price."""
    parity: float
    """Largest relative difference between scikit-learn's prices and the ONNX model's."""
    parity_rows: int
    champion: Rival | None
    """None where nothing has been promoted yet."""
    slices: Mapping[str, Mapping[str, float]]
    """Metrics of each slice of the holdout, and its `rows`."""
    actual: NDArray[np.float64]
    """Holdout prices: [rows]."""
    predicted: NDArray[np.float64]
    """The ONNX model's prices for them: [rows]."""


def parity(
    fitted: Fitted, model: ort.InferenceSession, houses: Inputs, contract: Contract
) -> tuple[float, int]:
    """Largest relative difference between the two, on the houses and on strange ones; and how many.

    A strange house may be priced at next to nothing, where float32 rounds coarsely: its difference is held
    against the cheapest of the houses.
    """
    strange = _strange(houses, contract)
    worst, cheapest = 0.0, 1e-9
    for some in (houses, strange):
        with threads(len(some)):
            ours = np.asarray(fitted.model.predict(some.joined), dtype=np.float64)
        worst = max(
            worst, float(np.max(np.abs(predict(model, some) - ours) / np.maximum(np.abs(ours), cheapest)))
        )
        cheapest = max(cheapest, float(np.min(np.abs(ours))))
    return worst, len(houses) + len(strange)


def _strange(houses: Inputs, contract: Contract) -> Inputs:
    """Houses made strange: missing numbers where they may be missing, unknown choices, hard bounds."""
    numbers, categories = houses.numbers[:64].copy(), houses.categories[:64].copy()
    for column, feature in enumerate(contract.numbers):
        bounds = [b for b in (feature.minimum, feature.maximum) if b is not None]
        values = bounds + ([] if feature.required else [float("nan")])
        for at, value in enumerate(values):
            numbers[(column + at * 7) % len(numbers), column] = value
    for column in range(categories.shape[1]):
        categories[column % len(categories), column] = "a choice never seen"
        categories[(column + 3) % len(categories), column] = ""
    return Inputs(numbers=numbers, categories=categories)


def dummy(train: pd.DataFrame, holdout: pd.DataFrame, contract: Contract) -> dict[str, float]:
    """Metrics of the median training price, answered to every holdout house."""
    actual = prices(holdout, contract)
    return measure(actual, np.full_like(actual, np.median(prices(train, contract))))


def slices(
    holdout: pd.DataFrame, predicted: NDArray[np.float64], contract: Contract
) -> dict[str, dict[str, float]]:
    """Metrics of each slice that the contract names, with at least two sales."""
    actual = prices(holdout, contract)
    found = {}
    for name in contract.slices:
        for value, rows in sorted(holdout.groupby(name).indices.items(), key=lambda item: str(item[0])):
            if len(rows) > 1:
                label = f"{name} = {value:g}" if isinstance(value, float) else f"{name} = {value}"
                found[label] = {"rows": float(len(rows)), **measure(actual[rows], predicted[rows])}
    return found


def score_champion(
    version: int, model: ort.InferenceSession, holdout: pd.DataFrame, theirs: Contract
) -> Rival:
    """The champion on this holdout, through its own contract: features may have come or gone since."""
    missing = [feature.name for feature in theirs.features if feature.name not in holdout]
    if missing:
        problem = f"it needs {', '.join(missing)}, which the contract no longer has"
        return Rival(version=version, metrics=None, problem=problem)
    predicted = predict(model, inputs(holdout, theirs))
    return Rival(version=version, metrics=measure(prices(holdout, theirs), predicted))
