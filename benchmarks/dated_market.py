"""A simulated market whose prices move: the law, the trend and the noise of its sales are known.

The sales are like those of King County, Washington, in 2014 and 2015: some 21 000 within 13 months, with
coordinates, areas, a grade and a view, and prices that stand still until the newest months, when they rise.

    python -m benchmarks.dated_market SALES.csv    # for `house-prices contract infer`
"""

import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Trend = Callable[[Floats], Floats]
"""From years since the first sale to the logarithm of the price level."""

SALES = 21_000
FIRST = date(2014, 5, 2)
DAYS = 390
NOISE = 0.165
"""Standard deviation of the logarithm of actual / lawful price."""
FREEDOM = 6
"""Of Student's t, from which the noise is drawn."""
_BUSY = (1.28, 1.26, 1.18, 1.06, 1.08, 1.0, 0.78, 0.76, 0.58, 0.72, 1.1, 1.3)
"""How many houses are sold in each month of the year that begins in May."""


def flat(years: Floats) -> Floats:
    """A market that does not move."""
    return np.zeros_like(years)


def rise(years: Floats) -> Floats:
    """Nothing for nine months, then 31% a year: the newest fifth sells 7% above the average of the rest."""
    return 0.31 * np.maximum(years - 0.73, 0)


def ramp(years: Floats) -> Floats:
    """8% a year throughout."""
    return 0.08 * years


def step(years: Floats) -> Floats:
    """5% more from the seventh month on."""
    return 0.05 * (years > 0.55)


def season(years: Floats) -> Floats:
    """2% up and down within a year."""
    return 0.02 * np.sin(2 * np.pi * years)


TRENDS: dict[str, Trend] = {one.__name__: one for one in (flat, rise, ramp, step, season)}


def generate(
    sales: int = SALES, *, trend: Trend = rise, seed: int = 0, days: int = DAYS, noise: float = NOISE
) -> pd.DataFrame:
    """Sales in the order of their dates, with `lawful`, the price without noise, which no file holds."""
    draw = np.random.default_rng(seed)
    on = np.sort(_days(draw, sales, days))
    houses = _houses(draw, sales)
    worth = _worth(houses) + trend(on / 365.25)
    errors = noise * draw.standard_t(FREEDOM, sales) / np.sqrt(FREEDOM / (FREEDOM - 2))
    dates = [(FIRST + timedelta(days=int(day))).strftime("%Y%m%dT000000") for day in on]
    return pd.DataFrame(
        {
            "id": draw.permutation(sales) + 1_000_000,
            "date": dates,
            "price": np.round(np.exp(worth + errors), -2),
            **houses,
            "lawful": np.exp(worth),
        }
    )


def write(path: Path, market: pd.DataFrame) -> None:
    """The sales as a file that `house-prices contract infer` drafts a contract from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    market.drop(columns="lawful").to_csv(path, index=False)


def _days(draw: np.random.Generator, sales: int, days: int) -> NDArray[np.int64]:
    """Days since the first sale."""
    busy = np.array([_BUSY[int(day / 30.44) % 12] for day in range(days)])
    return draw.choice(days, sales, p=busy / busy.sum())


def _houses(draw: np.random.Generator, sales: int) -> dict[str, NDArray[np.generic]]:
    grade = np.clip(np.round(draw.normal(7.6, 1.15, sales)), 4, 13).astype(int)
    living = np.round(np.exp(7.5 + 0.17 * (grade - 7.6) + draw.normal(0, 0.27, sales)), -1)
    basement = np.where(draw.random(sales) < 0.4, np.round(living * draw.uniform(0.1, 0.45, sales), -1), 0)
    north, east = draw.beta(3.5, 2, sales), draw.beta(2, 3, sales)
    built = draw.integers(1900, 2016, sales)
    renewed = (draw.random(sales) < 0.04) & (built < 1990)
    return {
        "bedrooms": np.clip(np.round(living / 650 + draw.normal(0.3, 0.7, sales)), 1, 9).astype(int),
        "bathrooms": np.clip(np.round((living / 950 + draw.normal(0, 0.4, sales)) * 4) / 4, 0.75, 7),
        "sqft_living": living.astype(int),
        "sqft_lot": np.round(np.exp(draw.normal(9.0, 0.8, sales))).astype(int),
        "floors": draw.choice([1.0, 1.5, 2.0, 2.5, 3.0], sales, p=[0.5, 0.09, 0.37, 0.01, 0.03]),
        "waterfront": (draw.random(sales) < 0.008).astype(int),
        "view": draw.choice(5, sales, p=[0.9, 0.02, 0.045, 0.02, 0.015]),
        "condition": draw.choice([1, 2, 3, 4, 5], sales, p=[0.002, 0.008, 0.65, 0.26, 0.08]),
        "grade": grade,
        "sqft_above": (living - basement).astype(int),
        "sqft_basement": basement.astype(int),
        "yr_built": built,
        "yr_renovated": np.where(renewed, draw.integers(1990, 2016, sales), 0),
        "zipcode": 98001 + 10 * np.floor(7 * north).astype(int) + np.floor(10 * east).astype(int),
        "lat": np.round(47.15 + 0.63 * north, 4),
        "long": np.round(-122.52 + 0.9 * east, 3),
    }


def _worth(houses: dict[str, NDArray[np.generic]]) -> Floats:
    """The logarithm of a house's price before its date counts."""
    of = {name: np.asarray(values, dtype=np.float64) for name, values in houses.items()}
    north, east = (of["lat"] - 47.15) / 0.63, (of["long"] + 122.52) / 0.9
    place = (
        0.75 * np.exp(-8 * (north - 0.75) ** 2 - 10 * (east - 0.25) ** 2)
        + 0.15 * np.sin(9 * north) * np.cos(7 * east)
        + 0.06 * np.sin(of["zipcode"] * 12.9898)
    )
    age = (2015 - np.maximum(of["yr_built"], of["yr_renovated"])) / 100
    return (
        12.6
        + 0.55 * np.log(of["sqft_living"] / 1900)
        + 0.07 * np.log(of["sqft_lot"] / 8000)
        + 0.11 * (of["grade"] - 7)
        + 0.02 * (of["bathrooms"] - 2)
        + 0.35 * of["waterfront"]
        + 0.05 * of["view"]
        + 0.04 * (of["condition"] - 3)
        - 0.25 * age
        + 0.2 * age**2
        + place
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]), generate())
