"""Clean sales: what the contract allows, typed; every other row kept with the reason it was refused.

Works on whatever Narwhals knows: a pandas frame gives pandas frames, a DuckDB relation gives relations.
The order of the rows never matters.
"""

import random
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import narwhals as nw

from house_prices.contract.schema import Contract
from house_prices.errors import SalesError
from house_prices.sales.columns import FILE, REASON, ROW
from house_prices.sales.rules import Reading, Rule

Frame = TypeVar("Frame")
_BROKEN, _SUM, _ALIKE = "_broken", "_sum", "_alike"


@dataclass(frozen=True, kw_only=True)
class Cleaned(Generic[Frame]):
    """Sales parted into those to learn from and those refused, in the kind of frame that came in."""

    sales: Frame
    """A column for each feature and the target by name; PROPERTY and SOLD where the contract has them."""
    rejects: Frame
    """The raw columns of each refused sale, FILE, ROW and REASON."""


def clean(raw: Frame, contract: Contract) -> Cleaned[Frame]:
    """Part raw sales, which have the contract's headers, FILE and ROW."""
    native: Any = raw
    frame = nw.from_native(native).lazy()
    reading = Reading(frame.collect_schema(), contract)
    rules = list(reading.rules())
    judged = frame.with_columns(
        nw.any_horizontal(*(r.broken for r in rules), ignore_nulls=True).alias(_BROKEN)
    )
    kept = judged.filter(~nw.col(_BROKEN)).select(FILE, ROW, *reading.columns())
    rejects = judged.filter(_BROKEN).drop(_BROKEN).with_columns(_first_reason(rules).alias(REASON))
    found: list[nw.LazyFrame[Any]] = []
    if contract.cleaning.outliers == "iqr":
        kept, found = _drop_outliers(kept, contract)
    if contract.cleaning.duplicates == "drop":
        kept, duplicates = _drop_duplicates(kept)
        found.append(duplicates)
    if found:
        rejects = nw.concat([rejects, frame.join(nw.concat(found), on=[FILE, ROW])])
    return Cleaned(
        sales=_same_kind(kept.drop(FILE, ROW), raw),
        rejects=_same_kind(rejects, raw),
    )


def count_by_reason(rejects: Any) -> dict[str, int]:
    """How many sales were refused for each reason, the commonest first."""
    counts = nw.from_native(rejects).lazy().group_by(REASON).agg(nw.len().alias("count")).collect()
    found = {str(reason): int(count) for reason, count in counts.select(REASON, "count").iter_rows()}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def count(frame: Any) -> int:
    """Rows of any frame that Narwhals knows."""
    return int(nw.from_native(frame).lazy().select(nw.len()).collect().item())


def _same_kind(frame: nw.LazyFrame[Any], like: Any) -> Any:
    """The native frame: computed where the raw one was, still a query where it was a query."""
    lazy = isinstance(nw.from_native(like), nw.LazyFrame)
    return frame.to_native() if lazy else frame.collect().to_native()


def _first_reason(rules: list[Rule]) -> nw.Expr:
    reasons = [nw.when(rule.broken).then(nw.lit(rule.reason)) for rule in rules]
    return nw.coalesce(*reasons)


def _drop_outliers(
    kept: nw.LazyFrame[Any], contract: Contract
) -> tuple[nw.LazyFrame[Any], list[nw.LazyFrame[Any]]]:
    """Column by column, what lies beyond `factor` interquartile ranges, among the rows still kept.

    A column whose quartiles are equal has no outliers: most of its values are the same, and the rest are
    what sets houses apart.
    """
    found: list[nw.LazyFrame[Any]] = []
    measured = [feature.name for feature in contract.features if feature.kind in ("number", "integer")]
    for name in (*measured, contract.target.name):
        value = nw.col(name)
        spread = kept.select(
            value.quantile(0.25, interpolation="linear").alias("low"),
            value.quantile(0.75, interpolation="linear").alias("high"),
            value.min().alias("least"),
            value.max().alias("greatest"),
        )
        low, high, least, greatest = spread.collect().row(0)
        reach = contract.cleaning.factor * (high - low) if low is not None else 0.0
        if not reach > 0 or (least >= low - reach and greatest <= high + reach):
            continue
        outside = (value < low - reach) | (value > high + reach)
        reason = f"{name}: an outlier, beyond {contract.cleaning.factor:g} interquartile ranges"
        found.append(kept.filter(outside).select(FILE, ROW, nw.lit(reason).alias(REASON)))
        kept = kept.filter(~outside | value.is_null())
    return kept, found


def _drop_duplicates(kept: nw.LazyFrame[Any]) -> tuple[nw.LazyFrame[Any], nw.LazyFrame[Any]]:
    """The same sale written again: equal in every column but where it stands.

    Equal sales have equal sums, so only the few that share theirs are compared in full.
    """
    schema = kept.collect_schema()
    sale = [name for name in schema.names() if name not in (FILE, ROW)]
    weights = random.Random(0)  # noqa: S311  # to tell sums apart, not to keep secrets
    terms = [nw.col(n) * weights.random() for n in sale if schema[n] == nw.Float64]
    summed = kept.with_columns(nw.sum_horizontal(*terms).alias(_SUM))
    summed = summed.with_columns(nw.col(_SUM).is_duplicated().alias(_ALIKE)).drop(_SUM)
    alike = summed.filter(_ALIKE)
    first = alike.unique(subset=sale, keep="first", order_by=[FILE, ROW])
    again = alike.join(first.select(FILE, ROW), on=[FILE, ROW], how="anti")
    different = nw.concat([summed.filter(~nw.col(_ALIKE)), first]).drop(_ALIKE)
    return different, again.select(FILE, ROW, nw.lit("a duplicate").alias(REASON))


def check_kept(sales: Any, reasons: dict[str, int], where: str) -> None:
    """Raise SalesError where nothing is left, with the commonest reasons."""
    if count(sales) == 0:
        commonest = "; ".join(f"{reason} ({number})" for reason, number in list(reasons.items())[:5])
        raise SalesError(
            f"Cleaning refused every sale: {commonest}. See {where}, then correct the file or the contract."
        )
