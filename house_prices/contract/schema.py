"""The contract of a market: the one description that everything else is derived from."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

Value = bool | float | str
"""What a feature of one house holds: a flag's truth, a number, or a category's choice."""

KINDS = ("number", "integer", "flag", "category")
METRICS = ("r2", "mse", "rmse", "mae", "mape", "rmsle", "mdape", "ppe10", "ppe20")
INTERVAL_METRICS = ("coverage", "quintile_coverage", "width")
"""Share of prices within their 90% intervals, overall and in the worst fifth; median width, of the price."""
TIME_METHODS = ("index", "day", "recency", "none")
"""Ways to take the date of a sale into account, as `house_prices.training.time_adjustment` describes them."""
RESERVED = ("group", "part", "property", "reason", "sold")
"""Columns that cleaned and split sales have beside the features and the target."""
OBJECTS = ("s3", "gs", "az", "https", "http")
DATABASES = ("postgresql", "mysql", "sqlite")
"""Schemes of a source's URL."""
EXACT_IN_FLOAT32 = 2**24
"""Whole numbers up to here are the same after the cast to float32."""


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One thing known of a house when its price is asked for."""

    name: str
    """snake_case: the column of cleaned sales, the protobuf field, the client's argument."""
    column: str
    """The header in the raw file."""
    number: int
    """The protobuf field number; never reused for another feature."""
    kind: Literal["number", "integer", "flag", "category"]
    unit: str
    minimum: float | None
    """Hard lower bound, inclusive: below it a sale is a reject and a request is refused."""
    maximum: float | None
    """Hard upper bound, inclusive."""
    choices: tuple[str, ...]
    """Every value that a category may take."""
    missing: Value | None
    """What an empty cell, or a field left out, stands for. None where it stands for nothing known."""
    required: bool
    """Whether an empty cell is a reject, and a field left out is refused."""
    description: str
    decimal: str = ""
    """Decimal mark of this column alone; empty if it is that of the others."""

    @property
    def allowed(self) -> str:
        """What may stand here, in words."""
        if self.kind == "category":
            return f"one of {', '.join(self.choices)}"
        if self.kind == "flag":
            return "true or false"
        noun = "a whole number" if self.kind == "integer" else "a number"
        low = "" if self.minimum is None else f" from {plain(self.minimum)}"
        high = "" if self.maximum is None else f" to {plain(self.maximum)}"
        return f"{noun}{low}{high}{' ' + self.unit if self.unit else ''}"

    def accepts(self, value: object) -> bool:
        """Whether one value, already of its Python type, is allowed."""
        if self.kind == "category":
            return isinstance(value, str) and value in self.choices
        if self.kind == "flag":
            return isinstance(value, bool) or value in (0, 1)
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            return False
        if self.kind == "integer" and value != int(value):
            return False
        return (self.minimum is None or value >= self.minimum) and (
            self.maximum is None or value <= self.maximum
        )


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the sales come from."""

    url: str
    """A folder or glob, an object or folder in object storage, or a database; empty for raw/ beside the
    contract. Never with a password."""
    query: str
    """SQL that selects the contract's columns; of a database only."""
    rejects: str = ""
    """Where the rejected sales are written to beside storage/rejects/: a folder, or one in object storage."""

    @property
    def kind(self) -> Literal["folder", "objects", "database"]:
        """How it is read."""
        scheme = self.url.partition("://")[0] if "://" in self.url else "file"
        return "folder" if scheme == "file" else "database" if scheme in DATABASES else "objects"


@dataclass(frozen=True, kw_only=True)
class Target:
    """The price."""

    name: str
    column: str
    unit: str
    """A currency code, such as BRL."""
    log: bool
    """Whether the model is fitted on the logarithm of the price."""
    decimal: str = ""
    """Decimal mark of this column alone; empty if it is that of the others."""
    minimum: float = 0.0
    """Sales at a lower price are refused: deeds among relatives name 1 or 10, which no house is worth."""


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Columns that identify a sale. They never reach the model."""

    property: str | None
    """Header of the property's key: sales of one property stay in one part of the split."""
    sold: tuple[str, ...]
    """Headers of the sale's date: one column of dates, or year, month (and day)."""
    sold_format: str
    """In which order day, month and year stand, as in strptime: %Y-%m-%d, %d/%m/%Y or the like. Or what the
    cells count: days as in "excel", seconds or milliseconds from 1970 on as in "unix" and "unix_ms", or years
    as in "decimal_year", by which 2013.25 is a day in April 2013."""


def setting(default: float, *, low: float, high: float, formerly: str = "") -> Any:
    """A number that a contract may set, with the default and bounds that its reader applies.

    `formerly` is the name that it had in the first release, which is still read.
    """
    return field(metadata={"default": default, "low": low, "high": high, "formerly": formerly})


@dataclass(frozen=True, kw_only=True)
class Split:
    """Which sales the model never sees."""

    by: Literal["hash", "sold"]
    holdout: float = setting(0.2, low=0.01, high=0.9)
    """Share of the sales that judge a candidate: the newest where `by` is sold."""
    calibration: float = setting(0.1, low=0.0, high=0.9)
    """Share of the sales kept for calibrating prediction intervals. With 0, these are calibrated on the
    predictions of the training's cross-validation, and every sale outside the holdout is trained on."""


@dataclass(frozen=True, kw_only=True)
class Time:
    """How a market that moves is followed. Only sales with a date, `keys.sold`, can tell."""

    adjust: tuple[str, ...]
    """Methods of TIME_METHODS to compare; the one that prices what comes next best is taken."""
    months: int = setting(0, low=0, high=1200)
    """Sales of so many last months are trained on and judge, counted from that of the newest; 0 for all."""
    ahead: int = setting(365, low=0, high=3650)
    """Most days after the reference date for which a price may be asked."""


@dataclass(frozen=True, kw_only=True)
class Cleaning:
    """What is done to sales beyond the bounds of their features."""

    outliers: Literal["iqr", "none"]
    factor: float = setting(1.5, low=0.1, high=100)
    """Outliers lie further than `factor` interquartile ranges outside the quartiles."""
    duplicates: Literal["drop", "keep"]
    most_rejects: float = setting(0.2, low=0, high=1)
    """Largest share of sales that may be rejected; with more, a training stops at once."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """What reads, cleans and splits the sales."""

    name: Literal["pandas", "duckdb", "spark"]
    """pandas holds every sale in memory. The others work in files: for sales beyond it."""
    master: str
    """Of a Spark cluster, such as spark://host:7077. Empty for the one in Spark's own settings, which is
    this machine if they have none."""

    @property
    def in_memory(self) -> bool:
        """Whether every sale is held in memory."""
        return self.name == "pandas"


@dataclass(frozen=True, kw_only=True)
class Training:
    """How the estimator is found."""

    candidates: Mapping[str, Mapping[str, tuple[object, ...]]]
    """Estimators by name, each with the values to try for its parameters."""
    folds: int = setting(5, low=2, high=50)
    iterations: int = setting(8, low=1, high=10_000)
    """Largest number of parameter settings tried for each estimator."""
    search_rows: int = setting(20_000, low=100, high=10**9)
    """Most training sales used to compare estimators; the best is then fitted on all of them."""
    least_gain: float = setting(0.002, low=0, high=1)
    """With an engine for sales beyond memory, the best is fitted on twice as many sales again and again,
    until that lowers its RMSLE by less than this, as a share of it."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What a candidate must reach."""

    floors: Mapping[str, float]
    """Least value of a metric on the holdout."""
    ceilings: Mapping[str, float]
    """Greatest value of a metric on the holdout."""
    area: str | None
    """Feature by which the baseline scales the median price; None for the median price itself."""
    parity: float = setting(1e-5, low=1e-9, high=1)
    """Largest relative difference between two ways to the same price. Smaller errors count as none."""
    baseline_margin: float = setting(0.30, low=0, high=1, formerly="dummy_margin")
    """How much better than the baseline's a candidate's RMSLE must be, as a share of it."""
    rows: int = setting(400, low=1, high=10**9)
    """Fewest holdout sales on which a candidate is compared with the champion."""
    margin: float = setting(0.02, low=0, high=1)
    """How much worse than the champion's RMSLE still counts as no worse, as a share of it."""
    small_margin: float = setting(0.03, low=0, high=1)
    """The same on a small holdout."""
    median_margin: float = setting(0.05, low=0, high=1)
    """The same for MdAPE."""
    champion_days: int = setting(365, low=1, high=36_500)
    """Once the champion's prices are as of more days earlier, a candidate within the margins takes its place
    even if the sales are too few to tell the two apart."""
    slice_rows: int = setting(50, low=2, high=10**9)
    """Fewest sales of a slice that is judged; smaller ones are only reported."""
    slice_margin: float = setting(0.05, low=0, high=1)
    """How much worse than the champion's RMSLE a slice may be."""
    coverage: float = setting(0.90, low=0.5, high=0.999)
    """Share of prices that prediction intervals promise to hold."""
    slice_coverage: float = setting(0.80, low=0, high=1)
    """Least share of prices within their interval in a slice."""
    width: float = setting(1.05, low=0.1, high=10)
    """Largest median width of the intervals, as a multiple of the champion's."""
    evaluations: int = setting(20, low=1, high=10**6)
    """Most candidates judged on one holdout."""
    load_seconds: float = setting(5, low=0.1, high=600)
    """Longest time from the server's start to serving."""
    p99_ms: float = setting(20, low=0.1, high=60_000)
    """Slowest answer for one house, at the 99th percentile."""
    p99_ratio: float = setting(1.5, low=1, high=100)
    """The same as a multiple of the champion's."""
    memory_mb: float = setting(500, low=1, high=10**6)
    """Most memory of the server with the candidate."""
    model_mb: float = setting(100, low=0.001, high=10**5)
    """Largest model file."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What the training should reach in cross-validation over all sales."""

    floors: Mapping[str, float]
    """Least value of a metric of METRICS or INTERVAL_METRICS."""
    ceilings: Mapping[str, float]
    """Greatest value."""


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """What is kept of served predictions, and when the champion has to be looked at."""

    reference: str | None
    """Header of the raw column with what callers send as a house's reference; None for the property's key."""
    keep_days: int = setting(730, low=1, high=36_500)
    """How long served predictions are kept."""
    match_days: int = setting(365, low=1, high=36_500)
    """Longest time from a prediction to the sale that it is compared with."""
    rows: int = setting(100, low=10, high=10**9)
    """Fewest realised sales, or served houses, that are judged."""
    error_warn: float = setting(0.15, low=0, high=10)
    """How much larger than on the holdout the median error may be, as a share of it; more is a warning."""
    error_fail: float = setting(0.40, low=0, high=10)
    """The same; more is a failure."""
    coverage_warn: float = setting(0.05, low=0, high=1)
    """How far the intervals' coverage may fall below what they promise; more is a warning."""
    coverage_fail: float = setting(0.10, low=0, high=1)
    """The same; more is a failure, and asks for a training."""
    drift_days: int = setting(30, low=1, high=36_500)
    """Served houses of so many last days are compared with the training sales."""
    drift: float = setting(0.2, low=0.01, high=1)
    """Least distance between their distributions, from 0 to 1, that counts as drift."""
    drift_share: float = setting(0.3, low=0, high=1)
    """Share of the features that have drifted from which on a training is asked for."""
    age_days: int = setting(180, low=1, high=36_500)
    """Age of the champion from which on a training is asked for."""
    stale_days: int = setting(60, low=1, high=36_500)
    """Days without new sales from which on people are told."""


@dataclass(frozen=True, kw_only=True)
class Contract:
    """A market, as its contract describes it."""

    name: str
    """Folder name, asset prefix, model name and protobuf package."""
    title: str
    api_version: int
    decimal: str
    """Decimal mark of the raw files: a point or a comma."""
    empty: tuple[str, ...]
    """Words for an empty cell beside the usual ones, in any case."""
    source: Source
    target: Target
    features: tuple[Feature, ...]
    keys: Keys
    split: Split
    time: Time
    cleaning: Cleaning
    engine: Engine
    training: Training
    gate: Gate
    quality: Quality
    monitoring: Monitoring
    slices: tuple[str, ...]
    """Features whose values divide the holdout into slices that are reported apart."""
    example: Mapping[str, Value]
    """A house to ask the price of, in the demo and the documentation. May be empty."""
    values: Mapping[str, object]
    """The contract as it was written: what a manifest keeps and `from_values` takes."""

    @cached_property
    def numbers(self) -> tuple[Feature, ...]:
        """Features in the model's `numbers` input, in its column order."""
        return tuple(feature for feature in self.features if feature.kind != "category")

    @cached_property
    def categories(self) -> tuple[Feature, ...]:
        """Features in the model's `categories` input, in its column order."""
        return tuple(feature for feature in self.features if feature.kind == "category")

    @property
    def is_dated(self) -> bool:
        """Whether the date of a sale counts, so that a price may be asked as of a date."""
        return bool(self.keys.sold) and self.time.adjust != ("none",)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every header that a raw file must have."""
        named = filter(None, (self.keys.property, self.monitoring.reference))
        keys = (*named, *self.keys.sold)
        return tuple(dict.fromkeys((*(f.column for f in self.features), self.target.column, *keys)))

    @cached_property
    def digest(self) -> str:
        """sha256 of the contract's canonical JSON, in hexadecimal."""
        text = json.dumps(self.values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def plain(number: float) -> str:
    """A number as a person writes it: 120, not 120.0."""
    return str(int(number)) if number == int(number) else str(number)
