"""Clean sales: what the contract allows, typed; every other row kept with the reason it was refused.

The order of the rows never matters.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from house_prices.contract.schema import Contract
from house_prices.errors import SalesError
from house_prices.progress import Tell, now_and_then, silent
from house_prices.sales import cells
from house_prices.sales.columns import CELL, COLUMN, FILE, LINE, REASON, SOLD, TEXT, UNREAD
from house_prices.sales.delimited import TOTAL
from house_prices.sales.read import EMPTY_LINE
from house_prices.sales.rules import rules

DUPLICATE, OUTLIER = "a duplicate", "an outlier"


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """Sales parted into those to learn from and those refused."""

    sales: pd.DataFrame
    """A column for each feature and the target by name; PROPERTY and SOLD if the contract has them."""
    rejects: pd.DataFrame
    """The raw columns of each refused sale, FILE, LINE, REASON, COLUMN and CELL."""


def clean(raw: pd.DataFrame, contract: Contract, tell: Tell = silent) -> Cleaned:
    """Part raw sales, as `read` gives them."""
    typed = cells.typed(raw, contract, now_and_then(tell))
    reason = reasons(typed, contract)
    if contract.cleaning.outliers == "iqr":
        reason = _with_outliers(reason, typed, contract)
    if contract.cleaning.duplicates == "drop":
        reason[_duplicates(typed.drop(columns=REASON)[reason.isna()])] = DUPLICATE
    kept = reason.isna()
    refused = raw[~kept].assign(**{REASON: reason[~kept]}).reset_index(drop=True)
    return Cleaned(sales=typed.drop(columns=[FILE, LINE, REASON])[kept], rejects=located(refused, contract))


def reasons(typed: pd.DataFrame, contract: Contract) -> pd.Series:
    """Why each sale is refused by itself: for a cell that cannot be read, or by the first rule it breaks."""
    found = typed[REASON].copy()
    for rule in rules(contract):
        broken = rule.broken(typed[rule.column])
        if broken.any():
            found[broken & found.isna()] = rule.reason
    return found


def located(refused: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """With the header and the text of the cell that each was refused for."""
    headers = {feature.name: feature.column for feature in contract.features}
    headers[contract.target.name] = contract.target.column
    headers |= {SOLD: contract.keys.sold[0]} if contract.keys.sold else {}
    column = refused[REASON].str.extract(r"^(\w+): ", expand=False).map(headers)
    cell = refused[TEXT].astype("str")
    for header in column.dropna().unique():
        cell[column == header] = refused[header].astype("str")
    return refused.assign(**{COLUMN: column, CELL: cell}).drop(columns=[UNREAD, TEXT], errors="ignore")


def count_by_reason(rejects: pd.DataFrame) -> dict[str, int]:
    """How many sales were refused for each reason, the commonest first."""
    counts = {str(reason): int(count) for reason, count in rejects[REASON].value_counts().items()}
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _with_outliers(reason: pd.Series, typed: pd.DataFrame, contract: Contract) -> pd.Series:
    """What lies beyond `factor` interquartile ranges of a column, among all sales that the contract allows.

    A column whose quartiles are equal has no outliers: most of its values are the same, and the rest are
    what sets houses apart.
    """
    found, allowed = reason.copy(), reason.isna()
    for name in measured(contract):
        values = typed[name][allowed]
        low, high = values.quantile([0.25, 0.75])
        reach = contract.cleaning.factor * (high - low)
        if reach > 0:
            outside = values[(values < low - reach) | (values > high + reach)].index
            found[outside] = found[outside].fillna(outlier(name, contract))
    return found


def measured(contract: Contract) -> tuple[str, ...]:
    """The columns in which outliers are looked for, in this order."""
    numbers = (feature.name for feature in contract.features if feature.kind in ("number", "integer"))
    return (*numbers, contract.target.name)


def outlier(name: str, contract: Contract) -> str:
    """The reason for an outlier in this column."""
    return f"{name}: {OUTLIER}, beyond {contract.cleaning.factor:g} interquartile ranges"


def _duplicates(sales: pd.DataFrame) -> pd.Index:
    """The same sale written again: equal in every column but where it stands.

    Equal sales have equal sums, so only the few that share theirs are compared in full.
    """
    weights = random.Random(0)  # noqa: S311  # to tell sums apart, not to keep secrets
    numbers = sales.select_dtypes("float64")
    sums = pd.Series(0.0, index=sales.index)
    for name in numbers:
        sums += numbers[name].fillna(0.0) * weights.random()
    alike = sales[sums.duplicated(keep=False)].sort_values([FILE, LINE])
    return alike.index[alike.drop(columns=[FILE, LINE]).duplicated()]


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
