"""Every estimator exports for every shape of contract, and ONNX prices as scikit-learn does."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from house_prices.contract.schema import Contract
from house_prices.training import estimators, onnx_export, train
from house_prices.training.calibration import calibrate
from house_prices.training.features import inputs
from tests import models
from tests.parity import parity

SMALL: Mapping[str, dict[str, object]] = {
    "random_forest": {"n_estimators": 5, "min_samples_leaf": 3},
    "extra_trees": {"n_estimators": 5, "min_samples_leaf": 3},
    "hist_gradient_boosting": {"max_iter": 5},
    "blend": {"max_iter": 5},
}
"""Parameters with which the slower estimators are fitted in a moment."""
OPTIONAL = {"none": lambda _: False, "some": lambda at: at % 2 == 1, "all": lambda _: True}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a contract may be like, and how many sales there are."""

    numbers: int
    categories: int
    optional: str
    log: bool
    calibrated: bool
    rows: int = 40

    def contract(self, estimator: str) -> Contract:
        """Every third number may be negative, so that its logarithm is not taken."""
        is_optional = OPTIONAL[self.optional]
        numbers = [
            {
                "name": f"n{at}",
                "column": f"N{at}",
                "number": 1 + at,
                "kind": "number",
                "required": not is_optional(at),
                **({"minimum": 0} if at % 3 else {}),
            }
            for at in range(self.numbers)
        ]
        categories = [
            {
                "name": f"c{at}",
                "column": f"C{at}",
                "number": 1001 + at,
                "kind": "category",
                "choices": ["a", "b", "c"],
                "required": not is_optional(at),
            }
            for at in range(self.categories)
        ]
        parameters = {name: [value] for name, value in SMALL.get(estimator, {}).items()}
        return models.contract(
            target={"column": "Price", "unit": "EUR", "log": self.log},
            features=numbers + categories,
            training={"candidates": {estimator: parameters}, "folds": 2},
        )

    def sales(self, contract: Contract) -> pd.DataFrame:
        """Prices follow the first features; a fifth of the optional cells is empty."""
        random = np.random.default_rng(0)
        cells: dict[str, object] = {}
        price = np.full(self.rows, 100_000.0)
        for feature in contract.features:
            known = feature.required | (random.random(self.rows) > 0.2)
            if feature.kind == "category":
                choice = random.choice(feature.choices, self.rows)
                cells[feature.name] = pd.Series(choice).where(known, None)
                price += 10_000 * (choice == "a") / (1 + self.categories)
            else:
                value = random.uniform(1, 100, self.rows)
                cells[feature.name] = np.where(known, value, np.nan)
                price += 2000 * value / self.numbers
        return pd.DataFrame({**cells, "price": price * random.uniform(0.9, 1.1, self.rows)})


def shapes() -> Iterator[Shape]:
    """Kinds of features, optional ones and scale in every combination, every other calibrated; and sizes."""
    kinds = [(1, 0), (4, 0), (4, 2), (1, 2), (0, 2)]
    product = itertools.product(kinds, OPTIONAL, (True, False))
    for at, ((numbers, categories), optional, log) in enumerate(product):
        calibrated = (at + at // 2) % 2 == 0
        yield Shape(numbers=numbers, categories=categories, optional=optional, log=log, calibrated=calibrated)
    yield Shape(numbers=280, categories=20, optional="some", log=True, calibrated=True, rows=30)
    yield Shape(numbers=300, categories=0, optional="all", log=False, calibrated=True, rows=400)
    yield Shape(numbers=2, categories=1, optional="some", log=True, calibrated=True, rows=30_000)


@pytest.mark.parametrize("name", estimators.ESTIMATORS)
def test_every_shape_of_contract_exports_and_prices_as_scikit_learn_does(name: str) -> None:
    for shape in shapes():
        contract = shape.contract(name)
        sales = shape.sales(contract)
        aside = sales[:30] if shape.calibrated else sales[:1]  # one sale is too few to calibrate on
        fitted = calibrate(train.train(sales, contract), aside, contract)
        session = onnx_export.session(onnx_export.export(fitted, contract))
        outputs = [output.name for output in session.get_outputs()]
        assert outputs == ["price", "price_lower", "price_upper"][: 3 if shape.calibrated else 1], shape
        difference, _ = parity(fitted, session, inputs(sales[:200], contract), contract)
        assert difference <= 1e-5, shape
