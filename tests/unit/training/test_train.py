"""Comparing estimators by cross-validation and fitting the best."""

import numpy as np
import pandas as pd
import pytest

from house_prices.contract.schema import Contract
from house_prices.errors import ContractError, SalesError
from house_prices.sales import split
from house_prices.training import conformal, estimators, importance, train
from house_prices.training.blend import Blend
from house_prices.training.features import inputs
from house_prices.training.folds import part_folds
from tests import clean_sales, models

SALES = clean_sales.huts(400)
SMALL = {"linear": {"fit_intercept": [True, False]}, "ridge": {"alpha": [1.0, 1000.0]}}


def huts(**training: object) -> Contract:
    return models.contract(training={"folds": 3, "candidates": SMALL, **training})


def test_every_setting_is_tried_and_the_best_stands_first() -> None:
    fitted = train.train(SALES, huts())
    tried = {(trial.estimator, *trial.parameters.values()) for trial in fitted.trials}
    assert tried == {("linear", True), ("linear", False), ("ridge", 1.0), ("ridge", 1000.0)}
    errors = [trial.rmsle for trial in fitted.trials]
    assert errors == sorted(errors)
    assert fitted.best is fitted.trials[0]


def test_a_law_of_straight_lines_is_learnt_by_the_linear_model() -> None:
    fitted = train.train(SALES, huts())
    assert fitted.best.estimator == "linear"
    assert fitted.cross_validation["r2"] > 0.999
    unseen = clean_sales.huts(50, seed=9)
    priced = fitted.model.predict(inputs(unseen, huts()).joined)
    assert priced == pytest.approx(unseen["price"].to_numpy(), rel=1e-3)


def test_no_more_settings_are_tried_than_the_contract_allows() -> None:
    fitted = train.train(SALES, huts(iterations=1))
    assert sorted(trial.estimator for trial in fitted.trials) == ["linear", "ridge"]


def test_an_estimator_without_parameters_is_tried_once() -> None:
    fitted = train.train(SALES, huts(candidates={"linear": {}}))
    assert [trial.parameters for trial in fitted.trials] == [{}]


def test_few_sales_may_choose_the_estimator_that_all_are_then_fitted_on() -> None:
    fitted = train.train(SALES, huts(search_rows=100))
    assert (fitted.search_rows, fitted.rows) == (100, 400)


def test_the_error_of_a_trial_is_the_mean_over_the_folds() -> None:
    fitted = train.train(SALES, huts(candidates={"ridge": {"alpha": [1000.0]}}))
    assert fitted.best.rmsle == pytest.approx(fitted.cross_validation["rmsle"], rel=0.05)
    assert 0 < fitted.best.spread < fitted.best.rmsle


def test_settings_that_a_fitted_model_only_predicts_with_are_tried_on_one_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fits = []
    fit = Blend.fit
    monkeypatch.setattr(Blend, "fit", lambda *args: fits.append(1) or fit(*args))
    small = {"max_iter": [5], "min_samples_leaf": [5], "alpha": [1.0]}
    fitted = train.train(SALES, huts(candidates={"blend": {**small, "share": [0.0, 0.5, 1.0]}}))
    assert len(fits) == 3 + 1  # one in each fold, and the best on every sale
    apart = {
        share: train.train(SALES, huts(candidates={"blend": {**small, "share": [share]}})).best.rmsle
        for share in (0.0, 0.5, 1.0)
    }
    assert {trial.parameters["share"]: trial.rmsle for trial in fitted.trials} == pytest.approx(apart)


def test_a_contract_that_sets_no_sales_aside_has_intervals_from_cross_validation() -> None:
    ridge = {"candidates": {"ridge": {"alpha": [1000.0]}}}
    noise = np.random.default_rng(0).lognormal(0, 0.2, len(SALES))
    noisy = SALES.assign(price=SALES["price"] * noise)
    contract = models.contract(training=ridge, split={"calibration": 0.0})
    fitted = train.train_and_calibrate(noisy, noisy.iloc[:0], contract)
    assert fitted.intervals is not None
    assert sum(fitted.intervals.sales) == len(SALES)
    new = clean_sales.huts(1000, seed=3)
    actual = new["price"].to_numpy() * np.random.default_rng(1).lognormal(0, 0.2, len(new))
    ends = fitted.intervals.around(fitted.model.predict(inputs(new, huts()).joined))
    assert conformal.coverage(actual, *ends) == pytest.approx(0.9, abs=0.04)


def test_training_twice_on_the_same_sales_gives_the_same_model() -> None:
    contract = huts(candidates={"extra_trees": {"n_estimators": [5, 10]}, "hist_gradient_boosting": {}})
    first, second = train.train(SALES, contract), train.train(SALES, contract)
    assert [trial.parameters for trial in first.trials] == [trial.parameters for trial in second.trials]
    houses = inputs(SALES, contract).joined
    np.testing.assert_allclose(first.model.predict(houses), second.model.predict(houses), rtol=1e-9)


def test_a_sale_in_the_contracts_log_is_priced_in_its_currency() -> None:
    contract = models.contract(
        target={"column": "Price", "log": True}, training={"candidates": {"hist_gradient_boosting": {}}}
    )
    priced = train.train(SALES, contract).model.predict(inputs(SALES, contract).joined)
    assert priced == pytest.approx(SALES["price"].to_numpy(), rel=0.5)


def test_the_sales_of_a_property_share_a_fold() -> None:
    keys = [f"P{at % 40}" for at in range(400)]
    secret = pd.Series(keys).map({key: at for at, key in enumerate(sorted(set(keys)))})
    sales = SALES.assign(group=secret, age=secret.astype(float), price=50_000.0 + 10_000 * (secret * 7 % 40))
    contract = huts(candidates={"extra_trees": {"n_estimators": [30]}})
    alone = train.train(sales.drop(columns="group"), contract).cross_validation["r2"]
    together = train.train(sales, contract).cross_validation["r2"]
    assert together < alone - 0.3


def test_equal_sales_share_a_fold() -> None:
    parted = split.split(pd.concat([SALES, SALES[:50]]), huts())
    for fitted_on, held in part_folds(parted, 5):
        assert not set(parted["price"].iloc[fitted_on]) & set(parted["price"].iloc[held])


def test_a_price_that_never_changes_teaches_nothing() -> None:
    with pytest.raises(SalesError) as caught:
        train.train(SALES.assign(price=150_000.0), huts())
    assert str(caught.value) == (
        "Every training sale has the same price, 150000: there is nothing to learn. "
        "Is 'Price' the right column?"
    )


def test_sales_too_few_for_the_folds_are_told() -> None:
    with pytest.raises(SalesError, match=r"^5 training sales are too few for 3 folds\. Add sales, or lower"):
        train.train(SALES.iloc[:5], huts())


def test_a_number_that_hardly_any_sale_has_is_told_before_anything_is_fitted() -> None:
    ages = [20.0] * 5 + [None] * 395
    with pytest.raises(SalesError) as caught:
        train.train(SALES.assign(age=ages), huts())
    assert str(caught.value) == (
        "Features known in too few of 400 training sales to learn from: age in 5. "
        "Leave them out of the contract, say what an empty cell means, or add sales."
    )


def test_a_number_that_few_sales_have_is_learnt_with_any_estimator() -> None:
    ages = [float(at) if at % 50 == 0 else None for at in range(400)]
    every = {name: {} for name in estimators.ESTIMATORS}
    fitted = train.train(SALES.assign(age=ages), huts(candidates=every))
    assert {trial.estimator for trial in fitted.trials} == set(every)


def test_an_unknown_estimator_is_told_before_anything_is_fitted() -> None:
    with pytest.raises(ContractError, match=r"training\.candidates\.oracle: is unknown"):
        train.train(SALES, huts(candidates={"oracle": {}}))


def test_what_moves_the_price_most_stands_first_in_importance() -> None:
    fitted = train.train(SALES, huts())
    found = importance.by_permutation(fitted, SALES, huts())
    assert next(iter(found)) == "area"
    assert set(found) == {"area", "rooms", "garden", "age", "roof", "view", "style"}
    assert abs(found["garden"]) < 0.01 * found["area"]
