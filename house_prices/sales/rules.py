"""What the contract makes of each raw column: its typed value, and the rules that refuse a row."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import narwhals as nw

from house_prices.contract.schema import Contract, Feature, plain
from house_prices.sales.columns import PROPERTY, SOLD

_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
_GREATEST = 3.4e38
"""What float32, in which models take numbers, still holds."""
_TRUE, _FALSE = ["1", "1.0", "true", "yes", "y"], ["0", "0.0", "false", "no", "n"]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One way in which a row is refused."""

    reason: str
    """The same for every such row, so that rejects can be counted by it."""
    broken: nw.Expr
    """True where the row breaks the rule; null or false where it does not."""


class Reading:
    """How each raw column is read, given the type it has in the frame."""

    def __init__(self, schema: nw.Schema, contract: Contract) -> None:
        self._schema = schema
        self._contract = contract

    def rules(self) -> Iterator[Rule]:
        """What makes a row a reject, in the order of the contract."""
        for feature in self._contract.features:
            yield from self._rules_of(feature)
        name, column = self._contract.target.name, self._contract.target.column
        yield Rule(reason=f"{name}: empty", broken=self._empty(column))
        yield from self._rules_of_number(name, column)
        yield Rule(reason=f"{name}: not above 0", broken=self._number(column) <= 0)
        if self._contract.split.by == "sold":
            yield Rule(reason=f"{SOLD}: empty or not a date", broken=self._sold().is_null())

    def columns(self) -> Iterator[nw.Expr]:
        """The columns of cleaned sales."""
        for feature in self._contract.features:
            yield self._value(feature).alias(feature.name)
        price = self._number(self._contract.target.column).cast(nw.Float64)
        yield price.alias(self._contract.target.name)
        if self._contract.keys.property:
            yield nw.col(self._contract.keys.property).cast(nw.String).alias(PROPERTY)
        if self._contract.keys.sold:
            yield self._sold().alias(SOLD)

    def _rules_of(self, feature: Feature) -> Iterator[Rule]:
        name, column = feature.name, feature.column
        if feature.required:
            yield Rule(reason=f"{name}: empty", broken=self._empty(column))
        if feature.kind == "category":
            strange = ~self._empty(column) & ~self._text(column).is_in(feature.choices)
            yield Rule(reason=f"{name}: not one of its choices", broken=strange)
        elif feature.kind == "flag":
            yes, no = self._yes_no(column)
            yield Rule(reason=f"{name}: not true or false", broken=~self._empty(column) & ~(yes | no))
        else:
            yield from self._rules_of_number(name, column)
            yield from self._bounds(feature)

    def _rules_of_number(self, name: str, column: str) -> Iterator[Rule]:
        """Rules that the type of the column does not keep by itself."""
        read = self._number(column)
        if self._is_text(column):
            broken = ~self._empty(column) & read.is_null()
            yield Rule(reason=f"{name}: not a number", broken=broken)
        if not self._is_whole(column):
            yield Rule(reason=f"{name}: not finite", broken=read.abs() > _GREATEST)

    def _bounds(self, feature: Feature) -> Iterator[Rule]:
        name, read = feature.name, self._number(feature.column)
        if feature.kind == "integer" and not self._is_whole(feature.column):
            broken = ~read.is_null() & (read != read.round(0))  # NaN, pandas' null, differs from itself
            yield Rule(reason=f"{name}: not a whole number", broken=broken)
        if feature.minimum is not None:
            below = f"{name}: below {plain(feature.minimum)}"
            yield Rule(reason=below, broken=read < feature.minimum)
        if feature.maximum is not None:
            above = f"{name}: above {plain(feature.maximum)}"
            yield Rule(reason=above, broken=read > feature.maximum)

    def _value(self, feature: Feature) -> nw.Expr:
        if feature.kind == "category":
            text = self._text(feature.column)
            return text if feature.missing is None else text.fill_null(feature.missing)
        read = self._flag(feature.column) if feature.kind == "flag" else self._number(feature.column)
        number = read.cast(nw.Float64)
        return number if feature.missing is None else number.fill_null(float(feature.missing))

    def _is_whole(self, column: str) -> bool:
        return self._schema[column].is_integer() or self._schema[column] == nw.Boolean

    def _is_text(self, column: str) -> bool:
        return not (self._schema[column].is_numeric() or self._schema[column] == nw.Boolean)

    def _empty(self, column: str) -> nw.Expr:
        if not self._is_text(column):
            return nw.col(column).is_null()
        return nw.col(column).is_null() | (nw.col(column).cast(nw.String).str.strip_chars() == "")

    def _text(self, column: str) -> nw.Expr:
        text = nw.col(column).cast(nw.String).str.strip_chars()
        return nw.when(text != "").then(text)

    def _number(self, column: str) -> nw.Expr:
        """A number, of the column's own type where it has one; null where the cell is empty or no number."""
        if self._schema[column].is_numeric():
            return nw.col(column)
        if not self._is_text(column):
            return nw.col(column).cast(nw.Float64)
        text = self._text(column)
        if self._contract.decimal == ",":
            text = text.str.replace_all(",", ".", literal=True)
        return nw.when(text.str.contains(_NUMBER)).then(text).cast(nw.Float64)

    def _yes_no(self, column: str) -> tuple[nw.Expr, nw.Expr]:
        """Whether a cell says yes, and whether it says no."""
        if self._is_text(column):
            word = self._text(column).str.to_lowercase()
            return word.is_in(_TRUE), word.is_in(_FALSE)
        return self._number(column) == 1, self._number(column) == 0

    def _flag(self, column: str) -> nw.Expr:
        """1 or 0 in a row that keeps the rules; null where the cell is empty."""
        if not self._is_text(column):
            return self._number(column)
        yes, no = self._yes_no(column)
        return nw.when(yes | no).then(yes.cast(nw.Float64))

    def _sold(self) -> nw.Expr:
        """The date as a whole number: year, month and day, two digits each after the year."""
        columns = self._contract.keys.sold
        if len(columns) == 1:
            return self._date(columns[0])
        parts = [self._number(column).cast(nw.Float64) for column in columns] + [nw.lit(0.0)]
        return parts[0] * 10_000 + parts[1] * 100 + parts[2]

    def _date(self, column: str) -> nw.Expr:
        date = nw.col(column)
        if self._schema[column].is_numeric():
            return self._number(column).cast(nw.Float64)
        if not self._schema[column].is_temporal():
            text = self._text(column)
            form = self._contract.keys.sold_format
            date = nw.when(text.str.contains(_date_pattern(form))).then(text).str.to_datetime(form)
        return (date.dt.year() * 10_000 + date.dt.month() * 100 + date.dt.day()).cast(nw.Float64)


def _date_pattern(form: str) -> str:
    """A regular expression of the dates that a strptime format reads."""
    pattern = re.escape(form)
    pattern = pattern.replace("%Y", r"\d{4}").replace("%m", r"(?:0?[1-9]|1[0-2])")
    return "^" + pattern.replace("%d", r"(?:0?[1-9]|[12]\d|3[01])") + "$"
