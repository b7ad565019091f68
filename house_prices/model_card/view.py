"""The parts of a model card: plain values, in the order in which the card shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

Kind = Literal["figure", "share", "price"]
"""How a metric is written: as it is, in percent, or in the target's unit."""


@dataclass(frozen=True, kw_only=True)
class ConfidenceInterval:
    """A 95% confidence interval."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One metric on the holdout, beside the same metric of what it is compared with."""

    name: str
    label: str
    meaning: str
    kind: Kind
    value: float
    higher_is_better: bool
    interval: ConfidenceInterval | None = None
    cross_validation: float | None = None
    """On training sales, each priced by a model that was not fitted on it."""
    baseline: float | None = None
    """Of the median training price, answered to every house."""
    champion: float | None = None
    """Of the champion, on the same holdout."""

    @property
    def difference(self) -> float | None:
        """From the champion's: as a share of it for an error, plainly where the metric is itself a share."""
        if self.champion is None:
            return None
        if self.higher_is_better:
            return self.value - self.champion
        return self.value / self.champion - 1 if self.champion else None

    @property
    def better(self) -> bool | None:
        """Whether it beats the champion's; None if they are equal or there is no champion."""
        return (self.difference > 0) == self.higher_is_better if self.difference else None


@dataclass(frozen=True, kw_only=True)
class Headline:
    """A metric in large figures."""

    words: str
    measure: Measure


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """One figure of the assessment industry's ratio study."""

    label: str
    meaning: str
    value: float
    good: ConfidenceInterval
    """The range that the industry's standard calls good."""
    interval: ConfidenceInterval | None = None

    @property
    def place(self) -> Literal["below", "within", "above"]:
        """Where the value lies beside the good range."""
        if self.value < self.good.low:
            return "below"
        return "above" if self.value > self.good.high else "within"


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Holdout sales that have something in common."""

    group: str
    """What divides the holdout, such as a feature."""
    value: str
    sales: int
    metrics: Mapping[str, float]
    coverage: float | None = None
    """Share of its prices that lie within their prediction interval."""


@dataclass(frozen=True, kw_only=True)
class PredictionIntervals:
    """The model's prediction intervals."""

    level: float
    """Share of the prices that they promise to hold."""
    coverage: float
    """Share of the holdout's prices that they held."""
    width: float
    """Of the middle one, as a share of the price."""
    calibrated: str
    """How they were calibrated, in a sentence; empty if the manifest does not say."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A drawing with what it shows in words."""

    title: str
    caption: str
    svg: Markup


@dataclass(frozen=True, kw_only=True)
class FeatureRow:
    """One feature of the contract."""

    name: str
    description: str
    kind: str
    unit: str
    allowed: str
    """Its bounds or choices."""
    seen: str
    """The range in training; empty if unknown."""
    empty: str
    """What an empty cell, or a field left out, means."""


@dataclass(frozen=True, kw_only=True)
class TrialRow:
    """An estimator with one setting of its parameters, in cross-validation."""

    estimator: str
    parameters: Mapping[str, object]
    rmsle: float
    """Mean over the folds."""
    spread: float
    """Standard deviation over the folds."""


@dataclass(frozen=True, kw_only=True)
class AheadRow:
    """Sales made about equally long after the newest sale that their fold was fitted on."""

    days: int
    """At most so many after it."""
    sales: int
    rmsle: float
    median_ratio: float


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """What the model was made from."""

    files: Mapping[str, str]
    """sha256 by file name."""
    read: int | None
    kept: int | None
    rejected: Mapping[str, int]
    """Sales by the reason for which they were refused."""
    parts: Mapping[str, int]
    """Sales in each part of the split."""
    split: str
    """How the parts were made, in a sentence."""
    digest: str = ""
    """One sha256 for all files; empty if unknown."""
    holdout: str = ""
    """sha256 of the holdout's contents."""
