"""Pictures of prices, also of odd ones."""

import io

import numpy as np
import pytest
from matplotlib import image

from house_prices.orchestration import plots

PRICES = np.array([100.0, 200.0, 300.0, 400.0])


def pixels(png: bytes) -> np.ndarray:
    """[height, width, RGBA], each from 0 to 1."""
    return np.asarray(image.imread(io.BytesIO(png), format="png"))


@pytest.mark.parametrize(
    "png",
    [
        plots.price_distribution(PRICES, "EUR"),
        plots.feature_importance({"area": 0.5, "rooms": 0.1}),
    ],
)
def test_a_picture_is_a_png_of_a_size_for_a_page(png: bytes) -> None:
    assert pixels(png).shape == (462, 770, 4)


@pytest.mark.parametrize("count", [1, 2, 10_001])
def test_one_sale_is_drawn_as_well_as_many(count: int) -> None:
    same = np.full(count, 250.0)
    assert pixels(plots.price_distribution(same, "")).size


def test_a_market_of_a_hundred_features_shows_the_twenty_that_matter_most() -> None:
    importance = {f"feature_{at}": 1.0 / (at + 1) for at in range(100)}
    shown = dict(list(importance.items())[:20])
    assert plots.feature_importance(importance) == plots.feature_importance(shown)
