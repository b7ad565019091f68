"""What a model does not know is told where it is so, and only there."""

from typing import Any

import pytest

from house_prices.model_card.limits import limits
from house_prices.model_card.measures import slices
from house_prices.registry import Manifest
from tests import cards, evaluations


def told(of: Manifest | None = None, **changes: Any) -> str:
    found = cards.found(**{"interval": evaluations.interval(), **changes})
    return "\n".join(limits(of or cards.manifest(), found, tuple(slices(found))))


def test_the_market_is_the_only_one_it_knows() -> None:
    assert "It knows only Huts, and of a house only its 7 features" in told()


def test_inflation_since_the_newest_sale_is_not_in_its_prices() -> None:
    of = cards.manifest(data={"sold": [20060131, 20100731]})
    assert "sales between 31 January 2006 and 31 July 2010. Inflation" in told(of)
    assert "Inflation since then is not in them." in told()


def test_future_sales_may_be_priced_worse_where_the_holdout_is_a_draw() -> None:
    dated = {"split": {"by": "sold"}, "keys": {"sold": "Sold"}}
    assert "on future sales, errors may be larger" in told()
    assert "on future sales" not in told(cards.manifest(contract=dated))


def test_features_whose_bounds_go_beyond_training_are_named() -> None:
    assert "values of area and rooms that training has not seen. For those the model extrapolates" in told()
    within = cards.manifest(ranges={"area": (1.0, 1000.0)})
    assert "training has not seen" not in told(within)


def test_features_that_may_be_unknown_are_named() -> None:
    assert "age and style may be left out if unknown." in told()


def test_small_slices_are_hints() -> None:
    assert "1 of 2 slices have fewer than 50 sales in the holdout, such as roof gable" in told()
    assert "slices have fewer" not in told(slices={})


@pytest.mark.parametrize(("mape", "exact"), [(1e-7, True), (0.05, False)])
def test_an_exact_formula_is_told_as_one(mape: float, exact: bool) -> None:
    metrics = {**cards.found().metrics, "mape": mape}
    assert ("an exact formula without noise" in told(metrics=metrics)) == exact


def test_sales_that_were_refused_or_left_out_are_a_gap() -> None:
    of = cards.manifest(contract={"cleaning": {"outliers": "iqr"}}, data={"read": 100, "kept": 80})
    assert "20.0% of the sales were rejected" in told(of)
    assert "beyond 1.5 interquartile ranges" in told(of)
    assert "rejected" not in told()


def test_only_a_model_without_intervals_is_told_as_such() -> None:
    assert "without intervals" in told(interval=None)
    assert "without intervals" not in told()
