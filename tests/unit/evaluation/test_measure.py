"""What is measured of a candidate."""

import numpy as np
import pandas as pd
import pytest

from house_prices.evaluation import measure
from house_prices.training import onnx_export, train
from house_prices.training.features import inputs, prices
from house_prices.training.predictions import Predictions
from tests import clean_sales, models
from tests.parity import parity

HUTS = models.contract(slices={"columns": ["roof", "garden"]})
TRAINED, HELD = clean_sales.huts(300), clean_sales.huts(100, seed=1)
HOUSES = inputs(HELD, HUTS)


def test_parity_is_measured_on_the_houses_and_on_edge_cases() -> None:
    fitted = train.train(TRAINED, HUTS)
    worst, rows = parity(fitted, onnx_export.session(onnx_export.export(fitted, HUTS)), HOUSES, HUTS)
    assert worst <= 1e-5
    assert rows == 100 + 64


def test_parity_finds_a_graph_that_prices_otherwise() -> None:
    fitted = train.train(TRAINED, HUTS)
    other = train.train(TRAINED.assign(price=TRAINED["price"] * 1.001), HUTS)
    worst, _ = parity(fitted, onnx_export.session(onnx_export.export(other, HUTS)), HOUSES, HUTS)
    assert worst == pytest.approx(0.001, rel=0.05)


def test_parity_is_measured_on_a_single_house_too() -> None:
    fitted = train.train(TRAINED, HUTS)
    session = onnx_export.session(onnx_export.export(fitted, HUTS))
    assert parity(fitted, session, HOUSES[:1], HUTS)[1] == 2


def test_the_baseline_answers_the_median_training_price() -> None:
    trained = pd.DataFrame({"price": [100.0, 200.0, 900.0]})
    found = measure.baseline(trained, pd.DataFrame({"price": [200.0, 400.0]}), HUTS)
    assert found["mae"] == 100.0


def test_slices_are_named_by_their_values_and_measured_apart() -> None:
    wrong = np.where(HELD["roof"] == "gable", prices(HELD, HUTS) * 1.1, prices(HELD, HUTS))
    rows = measure.slice_rows(HELD, wrong, HUTS)
    found = measure.slice_metrics(Predictions(actual=prices(HELD, HUTS), price=wrong), rows)
    assert {"roof = flat", "roof = gable", "garden = 0", "garden = 1", "something missing"} <= set(found)
    assert found["roof = flat"]["mape"] == 0.0
    assert found["roof = gable"]["mape"] == pytest.approx(0.1)
    assert found["roof = flat"]["rows"] + found["roof = gable"]["rows"] == 100


def test_every_house_is_in_one_fifth_by_its_predicted_price() -> None:
    predicted = prices(HELD, HUTS)
    rows = measure.slice_rows(HELD, predicted, HUTS)
    fifths = [rows[f"price fifth {number}"] for number in range(1, 6)]
    assert [len(fifth) for fifth in fifths] == [20] * 5
    assert predicted[fifths[0]].max() <= predicted[fifths[4]].min()


def test_a_slice_of_one_sale_is_not_measured() -> None:
    held = HELD.assign(roof=["gable", *["flat"] * 99])
    actual = prices(held, HUTS)
    rows = measure.slice_rows(held, actual, HUTS)
    assert "roof = gable" not in measure.slice_metrics(Predictions(actual=actual, price=actual), rows)


def test_a_champion_that_needs_a_feature_that_is_gone_says_which() -> None:
    session = onnx_export.session(models.onnx_model(HUTS, base=0))
    nothing = np.array([], dtype=np.uint32)
    model = measure.Model(
        version=3, sha256="ab", contract=HUTS, session=session, trained_on=nothing, data=None
    )
    sales = HELD.drop(columns=["view", "age"])
    found = Predictions(actual=prices(HELD, HUTS), price=prices(HELD, HUTS))
    comparison = measure.compare(model, model, sales, found, HUTS, evaluations=1)
    assert comparison.metrics is None
    assert comparison.problem == "it needs age, view, which the contract no longer has"


def test_what_breaks_for_the_champions_clients_is_known_even_if_it_cannot_be_compared() -> None:
    fewer = models.contract(features=[f for f in models.HUTS["features"] if f["name"] != "view"])  # type: ignore[attr-defined]
    (broken,) = measure.unpriced(3, "ab", HUTS, fewer, "it needs view").api_breaks or ()
    assert "view" in broken
