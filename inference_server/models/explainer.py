"""Why a price: the Shapley value of each feature, against typical sales of the version's manifest.

Beside each typical sale, the house's features are put in its place one by one, in a random order and in the
reverse of it, and what each does to the price is averaged. Whatever the model, that sums to the price. It is
exact for a model that adds up its features, and for one in which no more than two of them interact.

Where the model is fitted on the logarithm of the price, logarithms are explained: contributions are factors.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from house_prices.contract.schema import Contract
from house_prices.registry import Background
from inference_server.arrays import Contribution, Explanation, Inputs
from inference_server.errors import ModelFailed
from inference_server.models.onnx_session import ModelRefused, OnnxModel

MOST_SALES = 1000
"""Of a background: a published one has 64, and what an explanation costs grows with it."""
_SEED = 0
"""The same house gets the same explanation."""

Values = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Explainer:
    """Of one version."""

    model: OnnxModel
    sales: Inputs
    features: tuple[tuple[str, ...], ...]
    """Each feature, or flags of which exactly one is true."""
    of_number: NDArray[np.intp]
    """[numbers]: the place in `features` of each column."""
    of_category: NDArray[np.intp]
    """[categories]"""
    is_log: bool

    def explain(self, house: Inputs, check: Callable[[], None]) -> Explanation:
        """Why the one house has its price. `check` is called now and then, and may raise."""
        price, *typical = self._scaled(_followed(house, self.sales)).tolist()
        parts, draw = np.zeros(len(self.features)), np.random.default_rng(_SEED)
        for row, value in enumerate(typical):
            check()
            parts += self._beside(house, self.sales[row : row + 1], (value, price), draw)
        return self._told(price, sum(typical) / len(typical), parts / len(typical))

    def _beside(
        self, house: Inputs, sale: Inputs, ends: tuple[float, float], draw: np.random.Generator
    ) -> Values:
        """What each feature does on the way from the sale to the house, and on the opposite way.

        `ends` are the values of the sale and the house. Features in which they are equal do nothing.
        """
        parts = np.zeros(len(self.features))
        order = draw.permutation(self._differing(house, sale))
        if not len(order):
            return parts
        steps = np.arange(1, len(order))[:, None]
        rank = np.zeros(len(self.features), np.intp)
        rank[order] = np.arange(len(order))
        there = self._scaled(self._mixed(house, sale, lambda of: rank[of] < steps))
        back = self._scaled(self._mixed(house, sale, lambda of: rank[of] >= steps))
        low, high = ends
        parts[order] = (np.diff([low, *there, high]) - np.diff([high, *back, low])) / 2
        return parts

    def _differing(self, house: Inputs, sale: Inputs) -> NDArray[np.intp]:
        numbers, others = house.numbers[0], sale.numbers[0]
        differs = (numbers != others) & ~(np.isnan(numbers) & np.isnan(others))
        texts = np.asarray(house.categories[0] != sale.categories[0], bool)
        return np.union1d(self.of_number[differs], self.of_category[texts])

    def _mixed(
        self, house: Inputs, sale: Inputs, chosen: Callable[[NDArray[np.intp]], NDArray[np.bool_]]
    ) -> Inputs:
        """Houses with the chosen features of the one and the other features of the other."""
        numbers = np.where(chosen(self.of_number), house.numbers, sale.numbers)
        categories = np.where(chosen(self.of_category), house.categories, sale.categories)
        return Inputs(numbers=numbers, categories=categories, days=_days(house, len(numbers)))

    def _scaled(self, houses: Inputs) -> Values:
        """Prices on the scale on which they are explained."""
        if not houses.rows:
            return np.empty(0)
        price = self.model.predict(houses).price.astype(np.float64)
        if not self.is_log:
            return price
        if price.min() <= 0:
            raise ModelFailed("The model gave a price that has no logarithm. Its log names the version.")
        return np.log(price)

    def _told(self, price: float, base: float, parts: Values) -> Explanation:
        """Of values on the explained scale."""
        factors: list[float | None] = [None] * len(parts)
        amounts = parts
        if self.is_log:
            apart = price - base
            price, base = math.exp(price), math.exp(base)
            factors = [*np.exp(parts).tolist()]
            amounts = parts * ((price - base) / apart if apart else price)
        each = [
            Contribution(features=names, amount=amount, factor=factor)
            for names, amount, factor in zip(self.features, amounts.tolist(), factors, strict=True)
        ]
        largest = sorted(each, key=lambda one: -abs(one.amount))
        return Explanation(price=price, base=base, contributions=tuple(largest))


def of(background: Background, model: OnnxModel, contract: Contract) -> Explainer:
    """The explainer of a version; raises ModelRefused for a background that the model does not price."""
    features = _features(background, contract)
    place = {name: at for at, names in enumerate(features) for name in names}
    rows = len(background.numbers)
    if not 0 < rows <= MOST_SALES:
        raise ModelRefused(f"sales of the background: came {rows}, allowed: 1 to {MOST_SALES}")
    try:
        sales = Inputs(
            numbers=np.array(background.numbers, np.float32).reshape(rows, len(contract.numbers)),
            categories=np.array(background.categories, np.object_).reshape(rows, len(contract.categories)),
        )
        model.predict(sales)
    except Exception as error:  # onnxruntime's errors share no base below Exception
        raise ModelRefused(f"the background cannot be priced: {error}") from error
    return Explainer(
        model=model,
        sales=sales,
        features=features,
        of_number=np.array([place[feature.name] for feature in contract.numbers], np.intp),
        of_category=np.array([place[feature.name] for feature in contract.categories], np.intp),
        is_log=contract.target.log,
    )


def _features(background: Background, contract: Contract) -> tuple[tuple[str, ...], ...]:
    """What is explained as one: the groups of flags, and every other feature by itself."""
    names = [feature.name for feature in contract.features]
    grouped = [name for names in background.one_of for name in names]
    if len({*grouped}) < len(grouped) or not {*grouped} <= {*names}:
        raise ModelRefused("the background groups features that the contract does not have, or has once")
    return (*background.one_of, *((name,) for name in names if name not in grouped))


def _followed(house: Inputs, sales: Inputs) -> Inputs:
    """The house and the sales, all as of the house's date."""
    return Inputs(
        numbers=np.concatenate([house.numbers, sales.numbers]),
        categories=np.concatenate([house.categories, sales.categories]),
        days=_days(house, 1 + sales.rows),
    )


def _days(house: Inputs, rows: int) -> NDArray[np.float32] | None:
    return None if house.days is None else np.repeat(house.days, rows)
