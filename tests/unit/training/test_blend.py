"""The blend of two models, and what an ONNX graph makes of it."""

import tomllib

import pytest

from house_prices.contract import reader
from house_prices.errors import ContractError
from house_prices.training import estimators, onnx_export, train
from house_prices.training.features import inputs
from tests import cottages
from tests.hut_sales import PARAMETERS, contract, sales


@pytest.mark.parametrize("log", [True, False])
def test_the_graph_answers_what_the_pipeline_answers(log: bool) -> None:
    of = contract(log=log)
    fitted = train.train(sales(), of)
    model = onnx_export.session(onnx_export.export(fitted, of))
    houses = inputs(sales(), of)
    houses.categories[0, :] = "never seen"
    served = onnx_export.predict(model, houses)
    assert served == pytest.approx(fitted.model.predict(houses.joined), rel=1e-5)


def test_a_share_of_one_is_ridge_alone() -> None:
    of = contract(log=False)
    houses, price = inputs(sales(), of).joined, sales()["price"].to_numpy()
    alone = estimators.build("ridge", {"alpha": 3.0}, of).fit(houses, price)
    blend = estimators.build("blend", {**PARAMETERS, "share": 1.0}, of).fit(houses, price)
    assert blend.predict(houses) == pytest.approx(alone.predict(houses))


def test_a_share_of_nothing_is_boosting_alone() -> None:
    of = contract(log=True)
    houses, price = inputs(sales(), of).joined, sales()["price"].to_numpy()
    boosting = {"max_iter": 30, "min_samples_leaf": 5}
    alone = estimators.build("hist_gradient_boosting", boosting, of).fit(houses, price)
    blend = estimators.build("blend", {**PARAMETERS, "share": 0.0}, of).fit(houses, price)
    assert blend.predict(houses) == pytest.approx(alone.predict(houses))


def test_boosting_stops_early_on_few_sales_if_it_is_told_to() -> None:
    of = contract(log=True)
    houses, price = inputs(sales(), of).joined, sales()["price"].to_numpy()
    many = {**PARAMETERS, "max_iter": 300, "learning_rate": 0.3}
    trees = {
        early: estimators.build("blend", {**many, "early_stopping": early}, of)
        .fit(houses, price)
        .regressor_["model"]
        .boosting_.n_iter_
        for early in (False, True)
    }
    assert trees[False] == 300
    assert trees[True] < 150


def test_the_contract_names_its_parameters_as_they_are() -> None:
    values = tomllib.loads(cottages.CONTRACT)
    values["training"] = {"candidates": {"blend": {"share": [0.5], "shares": [0.5]}}}
    with pytest.raises(ContractError, match=r"training.candidates.blend.shares: is unknown, allowed: alpha"):
        estimators.check(reader.from_values(values))
