"""Clean sales: what the contract allows, typed; every other row kept with the reason it was refused.

`cells` reads the cells, in pandas. What is done with their values works on whatever Narwhals knows: a pandas
frame gives pandas frames, a DuckDB relation gives relations. The order of the rows never matters.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import narwhals as nw
import pandas as pd

from house_prices.contract.schema import Contract
from house_prices.errors import SalesError
from house_prices.progress import Tell, now_and_then, silent
from house_prices.sales import cells
from house_prices.sales.columns import CELL, COLUMN, FILE, LINE, REASON, SOLD, TEXT, UNREAD
from house_prices.sales.delimited import TOTAL
from house_prices.sales.read import EMPTY_LINE
from house_prices.sales.rules import Rule, rules

Frame = TypeVar("Frame")
DUPLICATE, OUTLIER = "a duplicate", "an outlier"
_BROKEN, _SUM, _ALIKE = "_broken", "_sum", "_alike"


@dataclass(frozen=True, kw_only=True)
class Cleaned(Generic[Frame]):
    """Sales parted into those to learn from and those refused, in the kind of frame that came in."""

    sales: Frame
    """A column for each feature and the target by name; PROPERTY and SOLD if the contract has them."""
    rejects: Frame
    """The raw columns of each refused sale, FILE, LINE, REASON, COLUMN and CELL."""


def clean(raw: pd.DataFrame, contract: Contract, tell: Tell = silent) -> Cleaned[pd.DataFrame]:
    """Part raw sales, as `read` gives them."""
    typed = cells.typed(raw, contract, now_and_then(tell))
    return judge(typed, raw, contract)


def judge(typed: Frame, raw: Frame, contract: Contract) -> Cleaned[Frame]:
    """Part sales whose cells have been read, by the rules of the contract."""
    frame, cells_of = _lazy(typed), _lazy(raw)
    asked = list(rules(contract))
    broken = nw.any_horizontal(~nw.col(REASON).is_null(), *(r.broken for r in asked), ignore_nulls=True)
    judged = frame.with_columns(broken.alias(_BROKEN))
    kept = judged.filter(~nw.col(_BROKEN)).drop(_BROKEN, REASON)
    found = [judged.filter(_BROKEN).select(FILE, LINE, first_reason(asked))]
    if contract.cleaning.outliers == "iqr":
        kept, outliers = _drop_outliers(kept, contract)
        found += outliers
    if contract.cleaning.duplicates == "drop":
        kept, duplicates = _drop_duplicates(kept)
        found.append(duplicates)
    refused = cells_of.join(nw.concat(found), on=[FILE, LINE])
    return Cleaned(
        sales=_same_kind(kept.drop(FILE, LINE), typed),
        rejects=_same_kind(located(refused, contract), typed),
    )


def located(refused: nw.LazyFrame[Any], contract: Contract) -> nw.LazyFrame[Any]:
    """With the header and the text of the cell that each was refused for."""
    headers = {feature.name: feature.column for feature in contract.features}
    headers[contract.target.name] = contract.target.column
    headers |= {SOLD: contract.keys.sold[0]} if contract.keys.sold else {}
    about = {name: nw.col(REASON).str.starts_with(f"{name}: ") for name in headers}
    column = nw.coalesce(*(nw.when(about[name]).then(nw.lit(header)) for name, header in headers.items()))
    texts = (nw.when(about[n]).then(nw.col(header).cast(nw.String)) for n, header in headers.items())
    located = refused.with_columns(column.alias(COLUMN), nw.coalesce(*texts, nw.col(TEXT)).alias(CELL))
    return located.drop(UNREAD, TEXT, strict=False)


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


def _lazy(frame: Any) -> nw.LazyFrame[Any]:
    lazy: nw.LazyFrame[Any] = nw.from_native(frame).lazy()
    return lazy


def first_reason(asked: Sequence[Rule]) -> nw.Expr:
    """Why a sale is refused by itself: for a cell that cannot be read, or by the first rule it breaks."""
    broken = (nw.when(rule.broken).then(nw.lit(rule.reason)) for rule in asked)
    return nw.coalesce(nw.col(REASON), *broken).alias(REASON)


def _drop_outliers(
    kept: nw.LazyFrame[Any], contract: Contract
) -> tuple[nw.LazyFrame[Any], list[nw.LazyFrame[Any]]]:
    """What lies beyond `factor` interquartile ranges of a column, among all sales that the contract allows.

    A column whose quartiles are equal has no outliers: most of its values are the same, and the rest are
    what sets houses apart.
    """
    names = measured(contract)
    quartiles = (
        nw.col(name).quantile(share, interpolation="linear").alias(f"{name} {share}")
        for name in names
        for share in (0.25, 0.75)
    )
    found = list(kept.select(*quartiles).collect().row(0))
    reasons = []
    for name, low, high in zip(names, found[::2], found[1::2], strict=True):
        reach = contract.cleaning.factor * (high - low) if low is not None else 0.0
        if reach > 0:
            outside = (nw.col(name) < low - reach) | (nw.col(name) > high + reach)
            reasons.append(nw.when(outside).then(nw.lit(outlier(name, contract))))
    if not reasons:
        return kept, []
    judged = kept.with_columns(nw.coalesce(*reasons).alias(REASON))
    outliers = judged.filter(~nw.col(REASON).is_null()).select(FILE, LINE, REASON)
    return judged.filter(nw.col(REASON).is_null()).drop(REASON), [outliers]


def measured(contract: Contract) -> tuple[str, ...]:
    """The columns in which outliers are looked for, in this order."""
    numbers = (feature.name for feature in contract.features if feature.kind in ("number", "integer"))
    return (*numbers, contract.target.name)


def outlier(name: str, contract: Contract) -> str:
    """The reason for an outlier in this column."""
    return f"{name}: {OUTLIER}, beyond {contract.cleaning.factor:g} interquartile ranges"


def _drop_duplicates(kept: nw.LazyFrame[Any]) -> tuple[nw.LazyFrame[Any], nw.LazyFrame[Any]]:
    """The same sale written again: equal in every column but where it stands.

    Equal sales have equal sums, so only the few that share theirs are compared in full.
    """
    schema = kept.collect_schema()
    sale = [name for name in schema.names() if name not in (FILE, LINE)]
    weights = random.Random(0)  # noqa: S311  # to tell sums apart, not to keep secrets
    terms = [nw.col(n) * weights.random() for n in sale if schema[n] == nw.Float64]
    summed = kept.with_columns(nw.sum_horizontal(*terms).alias(_SUM))
    summed = summed.with_columns(nw.col(_SUM).is_duplicated().alias(_ALIKE)).drop(_SUM)
    alike = summed.filter(_ALIKE)
    first = alike.unique(subset=sale, keep="first", order_by=[FILE, LINE])
    again = alike.join(first.select(FILE, LINE), on=[FILE, LINE], how="anti")
    different = nw.concat([summed.filter(~nw.col(_ALIKE)), first]).drop(_ALIKE)
    return different, again.select(FILE, LINE, nw.lit(DUPLICATE).alias(REASON))


def check_kept(kept: int, reasons: Mapping[str, int], contract: Contract, where: str) -> None:
    """Raise SalesError, with the commonest reasons, if nothing is left or too much is refused."""
    refused = violations(reasons)
    if kept and refused <= contract.cleaning.most_rejects * (read := kept + sum(reasons.values())):
        return
    commonest = "; ".join(f"{why} ({number})" for why, number in list(reasons.items())[:3])
    if not kept:
        raise SalesError(
            f"Cleaning refused every sale: {commonest}. See {where}, then correct the file or the contract."
        )
    raise SalesError(
        f"Cleaning refused {refused} of {read} sales, {refused / read:.0%}, and cleaning.most_rejects allows "
        f"{contract.cleaning.most_rejects:.0%}. The commonest reasons: {commonest}. See {where}, then "
        "correct the file or the contract."
    )


def violations(reasons: Mapping[str, int]) -> int:
    """Sales that the contract refuses, without those that it leaves out as outliers or duplicates."""
    return sum(number for why, number in reasons.items() if is_violation(why))


def is_violation(reason: str) -> bool:
    """Whether a reject breaks the contract: it is no duplicate, outlier, total or empty line."""
    return reason not in (DUPLICATE, TOTAL, EMPTY_LINE) and f": {OUTLIER}" not in reason
