"""The estimators a contract may name: each becomes one ONNX graph that prices as scikit-learn does."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from house_prices.contract.schema import Contract
from house_prices.errors import ContractError
from house_prices.training import estimators, onnx_export, threads
from house_prices.training.features import Inputs, inputs, prices
from house_prices.training.fitted import Fitted
from house_prices.training.search import Trial
from tests import clean_sales, models
from tests.parity import parity

FEW: Mapping[str, dict[str, object]] = {
    "random_forest": {"n_estimators": 10},
    "extra_trees": {"n_estimators": 10},
    "hist_gradient_boosting": {"max_iter": 20},
}
"""Parameters with which the slower estimators are fitted in a moment."""


def fitted(name: str, sales: pd.DataFrame, contract: Contract) -> Fitted:
    """An estimator fitted without a search."""
    few = FEW.get(name, {})
    model = estimators.build(name, few, contract)
    trial = Trial(estimator=name, parameters=few, rmsle=0.0, spread=0.0)
    with threads.limited(len(sales)):
        model.fit(inputs(sales, contract).joined, prices(sales, contract))
    return Fitted(
        model=model,
        best=trial,
        trials=(trial,),
        cross_validation={},
        rows=len(sales),
        search_rows=len(sales),
    )


def difference(found: Fitted, houses: Inputs, contract: Contract) -> float:
    """Largest relative difference between the prices of ONNX and scikit-learn."""
    session = onnx_export.session(onnx_export.export(found, contract))
    return parity(found, session, houses, contract)[0]


def with_log(contract: Contract, log: bool) -> Contract:
    """A contract that differs in whether the target is a logarithm."""
    target = contract.values["target"]
    assert isinstance(target, dict)
    return models.contract(**{**contract.values, "target": {**target, "log": log}})


@pytest.mark.parametrize("log", [True, False], ids=["log", "plain"])
@pytest.mark.parametrize("name", estimators.ESTIMATORS)
def test_onnx_prices_ames_as_scikit_learn_does(name: str, log: bool) -> None:
    contract, seen, unseen = clean_sales.ames()
    contract = with_log(contract, log)
    found = fitted(name, seen.iloc[:600], contract)
    assert difference(found, inputs(unseen, contract), contract) <= 1e-5


@pytest.mark.parametrize("name", estimators.ESTIMATORS)
def test_onnx_prices_houses_of_which_little_is_known_as_scikit_learn_does(name: str) -> None:
    contract, seen, unseen = clean_sales.ames()
    houses = inputs(unseen.iloc[:50], contract)
    optional = [at for at, feature in enumerate(contract.numbers) if not feature.required]
    houses.numbers[:, [at for at in optional if contract.numbers[at].missing is None]] = np.nan
    houses.categories[:25] = ""
    houses.categories[25:] = "a choice never seen"
    assert difference(fitted(name, seen.iloc[:600], contract), houses, contract) <= 1e-5


@pytest.mark.parametrize("name", estimators.ESTIMATORS)
def test_a_market_without_categories_has_one_input(name: str) -> None:
    huts = models.contract(features=models.HUTS["features"][:4])  # type: ignore[index]
    found = fitted(name, clean_sales.huts(300), huts)
    assert difference(found, inputs(clean_sales.huts(100, seed=1), huts), huts) <= 1e-5


@pytest.mark.parametrize("name", estimators.ESTIMATORS)
def test_a_category_that_is_never_known_in_training_does_no_harm(name: str) -> None:
    huts = models.contract()
    found = fitted(name, clean_sales.huts(300).assign(style=None), huts)
    assert difference(found, inputs(clean_sales.huts(100, seed=1), huts), huts) <= 1e-5


def town(rows: int, *, categories: bool) -> tuple[Contract, pd.DataFrame]:
    """Houses of a town by their coordinates, of which two are hardly apart in float32."""
    random = np.random.default_rng(0)
    bounds = {"latitude": (24.89, 25.06), "longitude": (121.539, 121.543)}
    features: list[dict[str, object]] = [
        {"name": name, "column": name, "number": at, "kind": "number", "minimum": low, "maximum": high}
        for at, (name, (low, high)) in enumerate(bounds.items(), start=1)
    ]
    if categories:
        choices = ["flat", "gable"]
        features.append(
            {"name": "roof", "column": "roof", "number": 3, "kind": "category", "choices": choices}
        )
    contract = models.contract(features=features, target={"column": "Price", "log": True})
    latitude = random.integers(2_493_000, 2_501_500, rows) / 1e5
    longitude = random.integers(12_154_000, 12_154_200, rows) / 1e5
    price = np.exp(10 + 8 * (latitude - 25) + np.sin(3000 * longitude)) * random.uniform(0.9, 1.1, rows)
    known = {"latitude": latitude, "longitude": longitude, "roof": random.choice(["flat", "gable"], rows)}
    return contract, pd.DataFrame({**known, "price": price})


@pytest.mark.parametrize("categories", [True, False], ids=["categories", "numbers alone"])
@pytest.mark.parametrize("name", estimators.ESTIMATORS)
def test_onnx_prices_a_house_by_its_coordinates_as_scikit_learn_does(name: str, categories: bool) -> None:
    contract, sales = town(600, categories=categories)
    assert difference(fitted(name, sales, contract), inputs(sales, contract), contract) <= 1e-5


def test_unknown_estimators_and_parameters_are_all_named_with_those_there_are() -> None:
    huts = models.contract(training={"candidates": {"oracle": {}, "ridge": {"beta": [1]}}})
    with pytest.raises(ContractError) as caught:
        estimators.check(huts)
    allowed = ", ".join(estimators.ESTIMATORS)
    assert caught.value.faults[0] == f"training.candidates.oracle: is unknown, allowed: {allowed}"
    assert caught.value.faults[1].startswith(
        "training.candidates.ridge.beta: is unknown, allowed: alpha, copy_X"
    )
