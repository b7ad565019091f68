"""What is known of a candidate before it is judged."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from house_prices.evaluation.ratio_study import Figure

Prices = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SliceDifference:
    """The candidate against the champion in one slice."""

    sales: int
    estimate: float
    """RMSLE of the candidate / RMSLE of the champion - 1."""
    low: float
    """Its one-sided lower bound, before any correction for the number of slices."""
    p_value: float
    """Chance of so much, if the slice were at most the contract's `slice_margin` worse."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Prediction intervals on the holdout."""

    coverage: float
    """Share of the sales whose price lies within."""
    sales: int
    median_width: float
    """Median of (upper - lower) / price."""
    slices: Mapping[str, tuple[int, float]]
    """Sales and coverage of each slice."""


@dataclass(frozen=True, kw_only=True)
class Rival:
    """The champion, scored again on the candidate's holdout."""

    version: int
    sha256: str
    problem: str = ""
    """Why it cannot price this holdout; empty where it can."""
    metrics: Mapping[str, float] | None = None
    sales: int = 0
    """Holdout sales that neither model was trained on: those that the two are compared on."""
    estimate: float = 0.0
    """RMSLE of the candidate / RMSLE of the champion - 1."""
    low: float = 0.0
    """One-sided lower bound of the estimate at `alpha`."""
    high: float = 0.0
    alpha: float = 0.05
    """Level of this test: what is left for it of 0.05 after the earlier ones on this holdout."""
    median_error_ratio: float = 1.0
    """MdAPE of the candidate / MdAPE of the champion."""
    median_error_high: float = 1.0
    """Its one-sided upper bound at `alpha`."""
    slices: Mapping[str, SliceDifference] | None = None
    median_width: float | None = None
    """Of its intervals on the same sales; None where it has none."""
    newer_data: bool = False
    """Whether the candidate was trained on data that the champion was not."""
    api_breaks: tuple[str, ...] = ()
    """What would fail for clients of the champion's typed API."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """What the real server did with the candidate, over a real socket."""

    problem: str
    """Why it did not serve; empty where it did."""
    log: str
    """The server's log."""
    rows: int
    """Houses it was asked for: the holdout and strange ones."""
    difference: float
    """Largest relative difference between its prices and scikit-learn's."""
    worst_request: str
    """The house it differs most on."""
    wrong_answers: tuple[str, ...]
    """Bad requests that were not answered as they should be, a sentence each."""
    canaries: int
    """Bad requests that were sent."""
    load_s: float
    """From start to serving."""
    p99_ms: float
    """Of one-house requests, warmed."""
    champion_p99_ms: float | None
    """The same of the champion, measured in turn; None where there is none."""
    memory_mb: float
    """Resident memory of the server with the candidate."""
    model_mb: float


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that the gate's rules look at."""

    version: int
    sha256: str
    metrics: Mapping[str, float]
    """On the holdout, from the ONNX model's prices."""
    cross_validation: Mapping[str, float]
    """On training sales, from scikit-learn, each priced by a model that was not fitted on it."""
    dummy: Mapping[str, float]
    """The same for a model that knows only the median training price."""
    ratio_study: Mapping[str, Figure]
    parity: float
    """Largest relative difference between scikit-learn's prices and the ONNX model's."""
    parity_rows: int
    holdout: str
    """Hash of the holdout's contents."""
    evaluations: int
    """Different candidates judged on this holdout, this one included."""
    interval: Interval | None
    """None where the model gives none."""
    champion: Rival | None
    """None where nothing has been promoted yet."""
    service: Service
    slices: Mapping[str, Mapping[str, float]]
    """Metrics of each slice of the holdout, and its `rows`."""
    actual: Prices
    """Holdout prices: [rows]."""
    predicted: Prices
    """The ONNX model's prices for them: [rows]."""


FASTEST_MS = 5.0
"""Below this, a ratio to the champion's time is noise."""
