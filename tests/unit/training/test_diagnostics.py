"""Looks at sales before training: leaks, laws without noise, and a holdout unlike the rest."""

import numpy as np
import pandas as pd
import pytest

from house_prices.contract.schema import Contract
from house_prices.training import diagnostics
from tests import hut_sales

HUTS: Contract = hut_sales.contract(log=True)


def huts(rows: int = 400, **columns: object) -> pd.DataFrame:
    """Huts, some of whose columns are others."""
    return hut_sales.sales(rows).assign(**columns)


def noisy(rows: int = 400) -> pd.Series:
    """Prices that area, rooms and garden all move."""
    sales = hut_sales.sales(rows)
    random = np.random.default_rng(1)
    worth = np.log(sales["area"]) + 0.15 * sales["rooms"] + 0.5 * sales["garden"]
    return pd.Series(1000 * np.exp(worth + 0.1 * random.standard_normal(rows)))


def test_a_feature_made_from_the_price_is_named() -> None:
    price = noisy()
    found = diagnostics.dominance(huts(price=price, age=np.round(price / 1000)), HUTS)
    assert not found.fine
    assert found.sentence.startswith("The best single feature, age, has ")
    assert found.sentence.endswith("Is it made from the price, or known only after the sale?")
    assert found.numbers["age_error_ratio"] < 1.1


def test_the_best_of_several_honest_features_does_not_dominate() -> None:
    found = diagnostics.dominance(huts(price=noisy()), HUTS)
    assert found.fine
    assert found.numbers["area_error_ratio"] > 1.2


def test_a_law_without_noise_is_found_on_sales_that_it_was_not_fitted_on() -> None:
    sales = huts(age=10.0, price=lambda sold: 5000 + 700 * sold["rooms"] + 3000 * (sold["roof"] == "gable"))
    found = diagnostics.exact_law(sales, HUTS)
    assert not found.fine
    assert "R2 = 1 is right" in found.sentence
    assert found.numbers["unexplained_share"] < 1e-12


def test_the_least_noise_makes_no_law() -> None:
    share = 1 + 1e-3 * np.random.default_rng(0).standard_normal(400)
    sales = huts(age=10.0, price=lambda sold: share * (5000 + 700 * sold["rooms"]))
    found = diagnostics.exact_law(sales, HUTS)
    assert found.fine
    assert found.sentence.startswith("No linear formula gives the prices exactly: the best leaves 3.3e-05 of")


def test_a_holdout_of_larger_huts_under_other_roofs_is_named_by_feature() -> None:
    sales = huts(1000)
    later = sales.iloc[800:].assign(area=lambda sold: sold["area"] * 3, roof="ça")
    found = diagnostics.drift(sales.iloc[:800], later, HUTS)
    assert not found.fine
    assert set(found.numbers) == {"area", "roof", "allowed", "features_moved"}
    assert found.numbers["features_moved"] == 2


@pytest.mark.parametrize("seed", range(5))
def test_chance_is_no_drift_even_between_few_sales(seed: int) -> None:
    sales = huts(1000).sample(60, random_state=seed)
    found = diagnostics.drift(sales.iloc[:40], sales.iloc[40:], HUTS)
    assert found.fine
    assert found.sentence.startswith("The holdout is like the training sales")


def test_the_stability_index_is_what_its_formula_gives() -> None:
    alike = diagnostics.stability_index(np.array([99.5, 99.5]), np.array([49.5, 49.5]))
    moved = diagnostics.stability_index(np.array([49.5, 49.5]), np.array([24.5, 74.5]))
    assert alike == 0
    assert moved == pytest.approx(0.25 * np.log(3))


def test_a_feature_that_is_never_known_has_not_moved() -> None:
    sales = huts(age=np.nan, style=None)
    assert diagnostics.drift(sales.iloc[:300], sales.iloc[300:], HUTS).fine
