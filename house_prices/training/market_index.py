"""A market's price index: how the level of prices moved, from the sales themselves, and how sure that is.

Two steps. A hedonic regression explains log(price) by a house's features and its place, and leaves to each
period what the houses do not explain (the time-dummy method: Handbook on Residential Property Price Indices,
Eurostat and ILO, 2013, ch. 5). The periods' effects are then smoothed by a Gaussian process in time
(C. Rasmussen, C. Williams, Gaussian Processes for Machine Learning, 2006, ch. 2): a trend whose slope
wanders and fades (the integral of an Ornstein-Uhlenbeck process), a season if there are two years of
sales, and noise. Their sizes are averaged over a grid by how well each explains the periods. The index is the
mean of the process. Beyond the last sale, the trend fades and the band widens.

To bring a price to a date by such an index is the time adjustment of the assessment field: Standard on Ratio
Studies, International Association of Assessing Officers, 2013.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

YEAR = 365.25
_PERIODS_DAYS = (7, 14, 30, 91, 365)
_MOST_PERIODS = 200
_ENOUGH = 50
"""Sales in an average period, where a month has so many."""
_PENALTY = 1.0
"""Of the hedonic regression's squared coefficients."""
_CLIP = 2.5
"""Standard deviations beyond which a sale counts no more: sales among relatives, ruins."""
_GRID_DAYS = 7
_LEAST_WEIGHT = 0.01
_VAGUE = 25.0
"""Prior variance of the level itself, which is as good as unknown."""

_SLOPES = (0.0, 0.03, 0.1, 0.3)
"""Standard deviations of the slope, in log price a year: of a market that stands still, drifts, or moves."""
_FADES = (1.0, 4.0)
"""Years in which a slope loses all but 1 / e of itself. A year of sales does not tell more than the first."""
_NOISES = (0.0, 0.005)
"""Standard deviations of a period's effect beyond that of its sales."""
_LONG_YEARS = 2
_SEASONS = (0.0, 0.02)
"""Standard deviations of a season's effect."""


@dataclass(frozen=True, kw_only=True)
class Period:
    """Sales of some days, and what the houses do not explain of their prices."""

    day: float
    """Mean day of its sales, from 1970-01-01."""
    effect: float
    """Mean of log(price) less the houses' worth."""
    error: float
    """Standard error of the effect."""
    sales: int


@dataclass(frozen=True, kw_only=True)
class MarketIndex:
    """The level of prices by day, relative to the average sale's: log(price) is higher by it."""

    first: int
    """The first day, from 1970-01-01."""
    level: Floats
    """[days]"""
    error: Floats
    """[days]: its standard deviation."""
    periods: tuple[Period, ...]


@dataclass(frozen=True, kw_only=True)
class _Movement:
    """The sizes of what moves a market."""

    slope: float
    noise: float
    season: float
    fade: float

    def covariance(self, these: Floats, those: Floats) -> Floats:
        """Between the levels at two lists of times, in years from the first sale: [these, those]."""
        t, u = these[:, None], those[None, :]
        earlier, apart = np.minimum(t, u), np.abs(t - u)
        fade = self.fade
        trend = 2 * earlier / fade - 1 + np.exp(-t / fade) + np.exp(-u / fade) - np.exp(-apart / fade)
        found = (self.slope * fade) ** 2 * trend
        if self.season:
            found = found + self.season**2 * np.exp(-2 * np.sin(np.pi * apart) ** 2)
        return np.asarray(found)


def estimate(design: Floats, log_price: Floats, days: Floats, *, until: int) -> MarketIndex:
    """The index from the first sale to the day `until`.

    `design` are the houses' scaled features [sales, columns], `days` those of their sales from 1970-01-01.
    """
    periods = _effects(design, log_price, days)
    first = int(days.min())
    grid = np.arange(first, until + _GRID_DAYS, _GRID_DAYS, dtype=np.float64)
    level, error = _smooth(periods, grid)
    every = np.arange(first, until + 1)
    return MarketIndex(
        first=first,
        level=np.interp(every, grid, level),
        error=np.interp(every, grid, error),
        periods=tuple(periods),
    )


def _effects(design: Floats, log_price: Floats, days: Floats) -> list[Period]:
    """The hedonic regression: features compete only within a period, so that its effect is not theirs."""
    period = _periods(days)
    order = np.argsort(period, kind="stable")
    design, log_price, days, period = design[order], log_price[order], days[order], period[order]
    starts = np.flatnonzero(np.diff(period, prepend=-1))
    counts = np.diff(starts, append=len(period))
    means = np.add.reduceat(design, starts, axis=0) / counts[:, None]
    within = design - np.repeat(means, counts, axis=0)
    price_within = log_price - np.repeat(np.add.reduceat(log_price, starts) / counts, counts)
    gram = within.T @ within + _PENALTY * np.eye(design.shape[1])
    unexplained = log_price - design @ np.linalg.solve(gram, within.T @ price_within)
    middle = pd.Series(unexplained).groupby(period).transform("median").to_numpy()
    spread = 1.4826 * float(np.median(np.abs(unexplained - middle)))
    clipped = np.clip(unexplained - middle, -_CLIP * spread, _CLIP * spread)
    effects = middle[starts] + np.add.reduceat(clipped, starts) / counts
    at = np.add.reduceat(days, starts) / counts
    errors = max(float(clipped.std()), 1e-6) / np.sqrt(counts)
    return [
        Period(day=float(day), effect=float(effect), error=float(error), sales=int(count))
        for day, effect, error, count in zip(at, effects, errors, counts, strict=True)
    ]


def _periods(days: Floats) -> NDArray[np.int64]:
    """The number of each sale's period, counted so that the newest one is complete."""
    span = days.max() - days.min() + 1
    enough = next(
        (each for each in _PERIODS_DAYS[:2] if len(days) * each / span >= _ENOUGH), _PERIODS_DAYS[2]
    )
    few = [each for each in _PERIODS_DAYS if each >= enough and span / each <= _MOST_PERIODS]
    length = few[0] if few else _PERIODS_DAYS[-1]
    back = ((days.max() - days) // length).astype(np.int64)
    return np.asarray(back.max() - back)


def _smooth(periods: list[Period], grid: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the level on the grid, less its mean over the sales."""
    first = min(periods[0].day, grid[0])
    at = (np.array([period.day for period in periods]) - first) / YEAR
    effect = np.array([period.effect for period in periods])
    error = np.array([period.error for period in periods])
    share = np.array([period.sales for period in periods]) / sum(period.sales for period in periods)
    effect = effect - effect @ share
    tried = [(move, *_fit(move, at, effect, error)) for move in _movements(float(np.ptp(at)))]
    likelihood = np.array([each for _, each, _ in tried])
    weights = np.exp(likelihood - likelihood.max())
    weights = np.where(weights < _LEAST_WEIGHT * weights.max(), 0, weights)
    weights /= weights.sum()
    mean, square = np.zeros(len(grid)), np.zeros(len(grid))
    for (move, _, inverse), weight in zip(tried, weights, strict=True):
        if weight:
            level, variance = _posterior(move, inverse, at, effect, share, (grid - first) / YEAR)
            mean += weight * level
            square += weight * (variance + level**2)
    return mean, np.sqrt(np.maximum(square - mean**2, 0))


def _movements(years: float) -> Iterator[_Movement]:
    """The grid of sizes. A year of sales tells no season from a trend, and not how much slopes wander."""
    is_long = years >= _LONG_YEARS
    slopes = _SLOPES if is_long else (_SLOPES[0], _SLOPES[-1])
    seasons = _SEASONS if is_long else _SEASONS[:1]
    fades = _FADES if is_long else _FADES[:1]
    for slope, noise, season, fade in itertools.product(slopes, _NOISES, seasons, fades):
        yield _Movement(slope=slope, noise=noise, season=season, fade=fade)


def _fit(move: _Movement, at: Floats, effect: Floats, error: Floats) -> tuple[float, Floats]:
    """The log likelihood of the effects, and the inverse of their covariance."""
    covariance = move.covariance(at, at) + _VAGUE + np.diag(error**2 + move.noise**2)
    inverse = np.linalg.inv(covariance)
    _, determinant = np.linalg.slogdet(covariance)
    return float(-0.5 * (effect @ inverse @ effect + determinant)), np.asarray(inverse, dtype=np.float64)


def _posterior(
    move: _Movement, inverse: Floats, at: Floats, effect: Floats, share: Floats, grid: Floats
) -> tuple[Floats, Floats]:
    """Mean and variance on the grid of the level less its mean over the sales."""
    periods, beyond = move.covariance(at, at), move.covariance(grid, at)
    centred = beyond - share @ periods
    own = np.array([float(move.covariance(one, one)[0, 0]) for one in grid[:, None]])
    prior = own - 2 * beyond @ share + share @ periods @ share
    level = centred @ (inverse @ effect)
    variance = prior - np.einsum("gp,pq,gq->g", centred, inverse, centred, optimize=True)
    return level, np.maximum(variance, 0)
