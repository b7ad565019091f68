"""The model file: its signature, what it says of itself, and the golden rows."""

import numpy as np
import onnx
import pytest

from house_prices.training import onnx_export, train
from house_prices.training.features import inputs
from tests import clean_sales, models

HUTS = models.contract()
SALES = clean_sales.huts(200)
HOUSES = inputs(SALES, HUTS)


@pytest.fixture(scope="module")
def model() -> bytes:
    return onnx_export.export(train.train(SALES, HUTS), HUTS)


def test_the_graph_has_the_contracts_inputs_and_one_price(model: bytes) -> None:
    session = onnx_export.session(model)
    found = [(put.name, put.type, put.shape[1:]) for put in (*session.get_inputs(), *session.get_outputs())]
    assert found == [
        ("numbers", "tensor(float)", [4]),
        ("categories", "tensor(string)", [3]),
        ("price", "tensor(float)", [1]),
    ]


def test_the_file_says_which_contract_it_was_made_for(model: bytes) -> None:
    read = onnx.load_from_string(model)
    facts = {fact.key: fact.value for fact in read.metadata_props}
    assert facts == {"market": "huts", "contract_digest": HUTS.digest, "estimator": "linear"}
    assert read.doc_string == "Huts: price in EUR"


def test_the_same_training_gives_the_same_file(model: bytes) -> None:
    assert onnx_export.export(train.train(SALES, HUTS), HUTS) == model


def test_golden_rows_replay(model: bytes) -> None:
    session = onnx_export.session(model)
    golden = onnx_export.golden(session, HOUSES)
    feeds = {
        "numbers": np.array(golden.numbers, np.float32),
        "categories": np.array(golden.categories, object),
    }
    (price,) = session.run(["price"], feeds)
    assert len(golden.prices) == onnx_export.GOLDEN_ROWS
    assert price.ravel().tolist() == list(golden.prices)


def test_a_price_does_not_depend_on_the_houses_beside_it(model: bytes) -> None:
    session = onnx_export.session(model)
    together = onnx_export.predict(session, HOUSES)
    alone = [onnx_export.predict(session, HOUSES[at : at + 1])[0] for at in range(20)]
    assert alone == pytest.approx(together[:20], rel=1e-6)


def test_no_house_has_no_price(model: bytes) -> None:
    assert onnx_export.predict(onnx_export.session(model), HOUSES[:0]).shape == (0,)


def test_ranges_are_the_least_and_greatest_known_values() -> None:
    found = onnx_export.ranges(inputs(SALES.assign(rooms=np.nan), HUTS), HUTS)
    assert found["age"] == pytest.approx((SALES["age"].min(), SALES["age"].max()))
    assert found["garden"] == (0.0, 1.0)
    assert "rooms" not in found
