"""Typical training sales, which a version keeps to explain its prices by how a house differs from them.

Explanations average over them, so a few must stand for all: they are spread evenly over the prices.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from house_prices.contract.schema import Contract
from house_prices.registry import Background
from house_prices.training.features import Inputs

ROWS = 64
_FEWEST = 2
"""Sales in which each of some flags must be true before they count as choices of one thing."""


def background(houses: Inputs, price: NDArray[np.float64], contract: Contract) -> Background:
    """Of the training sales and the model's price of each: [rows]."""
    middles = (np.arange(ROWS) + 0.5) / ROWS * len(price)
    some = houses[np.unique(np.argsort(price, kind="stable")[middles.astype(np.intp)])]
    return Background(
        numbers=tuple(tuple(map(float, row)) for row in some.numbers),
        categories=tuple(tuple(map(str, row)) for row in some.categories),
        one_of=tuple(_one_of(houses, contract)),
    )


def _one_of(houses: Inputs, contract: Contract) -> Iterator[tuple[str, ...]]:
    """Flags of which exactly one is true in every sale, such as those of one choice told as three columns."""
    names = [feature.name for feature in contract.numbers]
    flags = [at for at, feature in enumerate(contract.numbers) if feature.kind == "flag"]
    free = [at for at in flags if np.nansum(houses.numbers[:, at]) >= _FEWEST]
    while free:
        together, taken = [free[0]], houses.numbers[:, free[0]].copy()
        for other in free[1:]:
            if not np.any(taken * houses.numbers[:, other]):
                together.append(other)
                taken += houses.numbers[:, other]
        is_whole = len(together) > 1 and bool(np.all(taken == 1))
        if is_whole:
            yield tuple(names[at] for at in together)
        free = [at for at in free[1:] if not (is_whole and at in together)]
