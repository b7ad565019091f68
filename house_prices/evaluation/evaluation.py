"""What is known of a candidate before the gate decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from house_prices.evaluation.ratio_study import Figure
from house_prices.training.predictions import Predictions
from house_prices.training.time_adjustment import TimeAdjustment

FASTEST_MS = 5.0
"""Below this, a ratio to the champion's time is noise."""


@dataclass(frozen=True, kw_only=True)
class SliceComparison:
    """The candidate compared with the champion in one slice."""

    sales: int
    estimate: float
    """RMSLE of the candidate / RMSLE of the champion - 1."""
    low: float
    """Its one-sided lower bound, before any correction for the number of slices."""
    p_value: float
    """The chance of a difference this large if the slice were at most the contract's `slice_margin` worse."""


@dataclass(frozen=True, kw_only=True)
class Month:
    """How the sales of one month of the holdout were priced."""

    sales: int
    median_ratio: float
    """Median of predicted / actual."""
    rmsle: float
    coverage: float | None
    """Share of the prices within their interval; None without intervals."""


@dataclass(frozen=True, kw_only=True)
class IntervalCoverage:
    """How the prediction intervals did on the holdout."""

    coverage: float
    """Share of the sales whose price lies within."""
    sales: int
    median_width: float
    """Median of (upper - lower) / price."""
    slices: Mapping[str, tuple[int, float]]
    """Sales and coverage of each slice."""


@dataclass(frozen=True, kw_only=True)
class ChampionComparison:
    """The candidate compared with the champion, on holdout sales that neither was trained on."""

    version: int
    """The champion's."""
    sha256: str
    problem: str = ""
    """Why the champion cannot price this holdout; empty if it can."""
    metrics: Mapping[str, float] | None = None
    """The champion's."""
    sales: int = 0
    """Holdout sales that neither model was trained on."""
    estimate: float = 0.0
    """RMSLE of the candidate / RMSLE of the champion - 1."""
    low: float = 0.0
    """One-sided lower bound of the estimate at `alpha`."""
    high: float = 0.0
    """One-sided upper bound of the estimate at `alpha`."""
    alpha: float = 0.05
    """Level of this test: what earlier tests on this holdout have left of 0.05."""
    median_error_ratio: float = 1.0
    """MdAPE of the candidate / MdAPE of the champion."""
    median_error_high: float = 1.0
    """Its one-sided upper bound at `alpha`."""
    slices: Mapping[str, SliceComparison] | None = None
    median_width: float | None = None
    """Of the champion's intervals on the same sales; None if it has none."""
    coverage: float | None = None
    """Of the champion's intervals on the same sales."""
    reference_date: date | None = None
    """As of which its prices are; None if dates do not count for it."""
    level: float | None = None
    """The median of actual / the champion's price, if its prices cannot be brought to the day of a sale."""
    level_estimate: float = 0.0
    """`estimate`, if the champion's prices were all multiplied by `level`."""
    newer_data: bool = False
    """Whether the candidate was trained on data that the champion was not."""
    api_breaks: tuple[str, ...] | None = ()
    """What would fail for clients of the champion's typed API; None if its contract cannot be read."""


@dataclass(frozen=True, kw_only=True)
class ServingTest:
    """What the real inference server did with the candidate, over a real socket."""

    problem: str
    """Why it did not serve; empty if it did."""
    log: str
    """The server's log."""
    rows: int
    """Houses it was asked for: the holdout and the edge cases."""
    difference: float
    """Largest relative difference between its prices and scikit-learn's."""
    worst_request: str
    """The house with that difference."""
    wrong_answers: tuple[str, ...]
    """A sentence for each bad request that was not refused as it should be."""
    bad_requests: int
    """Bad requests that were sent."""
    load_s: float
    """From start to serving."""
    p99_ms: float
    """Of one-house requests, warmed."""
    champion_p99_ms: float | None
    """The same of the champion, measured in turn; None without a champion."""
    memory_mb: float
    """Resident memory of the server with the candidate."""
    model_mb: float


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Everything that the gate's rules look at."""

    version: int
    sha256: str
    predictions: Predictions
    """The ONNX model's prices and intervals for the holdout."""
    metrics: Mapping[str, float]
    """On the holdout, from `predictions`."""
    cross_validation: Mapping[str, float]
    """On training sales, from scikit-learn; each sale is priced by a model that was not fitted on it."""
    baseline: Mapping[str, float]
    """On the holdout, of a model that knows only the median training price."""
    ratio_study: Mapping[str, Figure]
    parity: float
    """Largest relative difference between scikit-learn's prices and the ONNX model's."""
    parity_rows: int
    holdout: str
    """Hash of the holdout's contents."""
    evaluations: int
    """Different candidates judged on this holdout, this one included."""
    interval: IntervalCoverage | None
    """None if the model gives no intervals."""
    champion: ChampionComparison | None
    """None if nothing has been promoted yet."""
    serving: ServingTest
    slices: Mapping[str, Mapping[str, float]]
    """Metrics of each slice of the holdout, and its `rows`."""
    months: Mapping[str, Month] = field(default_factory=dict)
    """By month of sale, such as 2015-03; empty if the sales have no dates."""
    reference_date: date | None = None
    """As of which the candidate's prices are; None if dates do not count."""
    time: TimeAdjustment | None = None
    """How the candidate follows the market; None if dates do not count."""
