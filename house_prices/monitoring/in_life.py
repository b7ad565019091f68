"""How a version's prices did on sales that came after them, beside what the gate had measured.

Houses that sell are no random sample of those that were priced: a price that is too low may make a sale, and
one that is too high may prevent it. So these are errors on houses that sold, and nothing more.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy import stats

from house_prices.contract.schema import Contract, Monitoring
from house_prices.evaluation import measure as evaluation
from house_prices.monitoring.realised import DAY
from house_prices.registry import Outcome
from house_prices.training.metrics import measure
from house_prices.training.predictions import Predictions, Rows

CAVEAT = (
    "Houses that sell are no random sample of the houses that were priced: an asking price that follows a "
    "prediction that is too high may prevent the sale that would show it. These are errors on sold houses."
)
LEVEL = 0.05
"""Of the tests that tell a broken limit from bad luck."""


@dataclass(frozen=True, kw_only=True)
class InLife:
    """Realised sales of one version."""

    version: int
    sales: int
    since: str
    """Month of the first sale, as 2026-01."""
    until: str
    metrics: Mapping[str, float]
    """As on the holdout, of the sales. Empty with fewer than two."""
    promised: Mapping[str, float]
    """What the gate had measured on the holdout. Empty if it has not judged this version."""
    coverage: float | None
    """Share of the sales whose price lay within its interval; None without intervals."""
    promised_coverage: float
    months: Mapping[str, Mapping[str, float]]
    """Of each month: sales, mdape, and coverage if there are intervals."""
    slices: Mapping[str, Mapping[str, float]]
    """The metrics of each slice, and its `rows`."""

    def to_json(self) -> bytes:
        """UTF-8 JSON."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False).encode() + b"\n"


def from_json(content: bytes) -> InLife:
    """Read what `to_json` wrote."""
    return InLife(**json.loads(content))


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check makes of it."""

    outcome: Outcome
    """NEEDS_REVIEW is a warning; NOT_APPLIED, too few sales to say."""
    sentence: str
    numbers: Mapping[str, float]


def by_version(
    joined: pd.DataFrame, contract: Contract, promised: Mapping[int, Mapping[str, float]]
) -> dict[int, InLife]:
    """What the realised sales say of each version. `promised` are the gate's metrics by version."""
    return {
        version: _of(version, joined.iloc[rows].reset_index(drop=True), contract, promised.get(version, {}))
        for version, rows in _versions(joined)
    }


def _versions(joined: pd.DataFrame) -> Iterator[tuple[int, Rows]]:
    numbers = joined["version"].to_numpy(np.int64)
    for version in np.unique(numbers).tolist():
        yield version, np.flatnonzero(numbers == version)


def predictions(joined: pd.DataFrame, contract: Contract) -> Predictions:
    """Actual and predicted prices. Intervals only if every prediction has one."""
    lower, upper = (joined[name].to_numpy(np.float64) for name in ("lower", "upper"))
    has_intervals = bool(np.isfinite(lower).all() and np.isfinite(upper).all())
    return Predictions(
        actual=joined[contract.target.name].to_numpy(np.float64),
        price=joined["predicted"].to_numpy(np.float64),
        lower=lower if has_intervals else None,
        upper=upper if has_intervals else None,
    )


def _of(version: int, joined: pd.DataFrame, contract: Contract, promised: Mapping[str, float]) -> InLife:
    found = predictions(joined, contract)
    month = joined[DAY].dt.strftime("%Y-%m")
    slices = evaluation.slice_rows(joined, found.price, contract)
    return InLife(
        version=version,
        sales=len(joined),
        since=str(month.min()),
        until=str(month.max()),
        metrics=measure(found.actual, found.price) if len(joined) > 1 else {},
        promised=dict(promised),
        coverage=None if found.within is None else float(found.within.mean()),
        promised_coverage=contract.gate.coverage,
        months={
            str(name): _of_month(found[rows]) for name, rows in sorted(month.groupby(month).indices.items())
        },
        slices=evaluation.slice_metrics(found, slices),
    )


def _of_month(found: Predictions) -> dict[str, float]:
    error = np.abs(found.price - found.actual) / found.actual
    told = {"sales": float(len(found)), "mdape": float(np.median(error))}
    return told if found.within is None else {**told, "coverage": float(found.within.mean())}


def findings(joined: pd.DataFrame, found: InLife, contract: Contract) -> Iterator[tuple[str, Finding]]:
    """What to check of a version's realised sales, by the check's name."""
    yield "live_error", _error(predictions(joined, contract), found, contract.monitoring)
    yield "live_coverage", _coverage(predictions(joined, contract), found, contract.monitoring)


def _error(prices: Predictions, found: InLife, limits: Monitoring) -> Finding:
    """The median error beside the holdout's.

    A sign test: were the median at most the limit, at most half of the errors would be larger than it.
    """
    if early := _too_early(found, limits):
        return early
    promised = found.promised.get("mdape", 0.0)
    if not promised:
        return _nothing(
            "The gate has measured no error of this version, so there is nothing to compare with."
        )
    errors = np.abs(prices.price - prices.actual) / prices.actual

    def is_broken(growth: float) -> bool:
        above = int((errors > promised * (1 + growth)).sum())
        return bool(stats.binomtest(above, len(errors), 0.5, alternative="greater").pvalue < LEVEL)

    median = float(np.median(errors))
    return Finding(
        outcome=_outcome(is_broken(limits.error_warn), is_broken(limits.error_fail)),
        sentence=f"Half of {found.sales} sales were priced with an error of less than {median:.1%}; on the "
        f"holdout it was {promised:.1%}. Up to {promised * (1 + limits.error_warn):.1%} is fine, more than "
        f"{promised * (1 + limits.error_fail):.1%} fails.",
        numbers={"mdape": median, "promised_mdape": promised, "sales": found.sales},
    )


def _coverage(prices: Predictions, found: InLife, limits: Monitoring) -> Finding:
    """The intervals' coverage beside what they promise, by a binomial test."""
    if early := _too_early(found, limits):
        return early
    if prices.within is None:
        return _nothing("The model gave no intervals.")
    within = int(prices.within.sum())

    def is_broken(missing: float) -> bool:
        least = max(found.promised_coverage - missing, 0.0)
        return bool(stats.binomtest(within, len(prices), least, alternative="less").pvalue < LEVEL)

    share = within / len(prices)
    return Finding(
        outcome=_outcome(is_broken(limits.coverage_warn), is_broken(limits.coverage_fail)),
        sentence=f"The intervals of {found.promised_coverage:.0%} held {share:.1%} of {found.sales} prices. "
        f"Down to {found.promised_coverage - limits.coverage_warn:.1%} is fine, less than "
        f"{found.promised_coverage - limits.coverage_fail:.1%} fails.",
        numbers={"coverage": share, "promised_coverage": found.promised_coverage, "sales": found.sales},
    )


def _outcome(warns: bool, fails: bool) -> Outcome:
    if fails:
        return Outcome.FAIL
    return Outcome.NEEDS_REVIEW if warns else Outcome.PASS


def _too_early(found: InLife, limits: Monitoring) -> Finding | None:
    if found.sales >= limits.rows:
        return None
    return _nothing(f"{found.sales} realised sales; from {limits.rows} on they are judged.")


def _nothing(sentence: str) -> Finding:
    return Finding(outcome=Outcome.NOT_APPLIED, sentence=sentence, numbers={})
