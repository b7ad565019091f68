"""The evidence on a candidate."""

import numpy as np
import pandas as pd
import pytest

from house_prices.steps import evaluate, export, train
from house_prices.steps.inputs import inputs, prices
from tests import clean_sales, models

HUTS = models.contract(slices={"columns": ["roof", "garden"]})
TRAINED, HELD = clean_sales.huts(300), clean_sales.huts(100, seed=1)
HOUSES = inputs(HELD, HUTS)


def test_parity_is_measured_on_the_houses_and_on_strange_ones() -> None:
    fitted = train.train(TRAINED, HUTS)
    worst, rows = evaluate.parity(fitted, export.session(export.export(fitted, HUTS)), HOUSES, HUTS)
    assert worst <= 1e-5
    assert rows == 100 + 64


def test_parity_finds_a_graph_that_prices_otherwise() -> None:
    fitted = train.train(TRAINED, HUTS)
    other = train.train(TRAINED.assign(price=TRAINED["price"] * 1.001), HUTS)
    worst, _ = evaluate.parity(fitted, export.session(export.export(other, HUTS)), HOUSES, HUTS)
    assert worst == pytest.approx(0.001, rel=0.05)


def test_parity_is_measured_on_a_single_house_too() -> None:
    fitted = train.train(TRAINED, HUTS)
    session = export.session(export.export(fitted, HUTS))
    assert evaluate.parity(fitted, session, HOUSES[:1], HUTS)[1] == 2


def test_the_dummy_answers_the_median_training_price() -> None:
    trained = pd.DataFrame({"price": [100.0, 200.0, 900.0]})
    found = evaluate.dummy(trained, pd.DataFrame({"price": [200.0, 400.0]}), HUTS)
    assert found["mae"] == 100.0


def test_slices_are_measured_apart_with_their_rows() -> None:
    wrong = np.where(HELD["roof"] == "gable", prices(HELD, HUTS) * 1.1, prices(HELD, HUTS))
    found = evaluate.slices(HELD, wrong, HUTS)
    assert list(found) == ["roof = flat", "roof = gable", "garden = 0", "garden = 1"]
    assert found["roof = flat"]["mape"] == 0.0
    assert found["roof = gable"]["mape"] == pytest.approx(0.1)
    assert found["roof = flat"]["rows"] + found["roof = gable"]["rows"] == 100


def test_a_slice_of_one_sale_is_left_out() -> None:
    held = HELD.assign(roof=["gable", *["flat"] * 99])
    assert "roof = gable" not in evaluate.slices(held, prices(held, HUTS), HUTS)


def test_the_champion_is_scored_through_its_own_contract() -> None:
    theirs = models.contract(features=models.HUTS["features"][:1])  # type: ignore[index]
    session = export.session(models.onnx_model(theirs, base=0))
    rival = evaluate.score_champion(3, session, HELD.assign(price=10 * HELD["area"]), theirs)
    assert rival.metrics is not None
    assert rival.metrics["rmsle"] == pytest.approx(0.0, abs=1e-6)


def test_a_champion_that_needs_a_feature_that_is_gone_says_which() -> None:
    theirs = models.contract()
    session = export.session(models.onnx_model(theirs, base=0))
    rival = evaluate.score_champion(3, session, HELD.drop(columns=["view", "age"]), theirs)
    assert rival.metrics is None
    assert rival.problem == "it needs age, view, which the contract no longer has"
