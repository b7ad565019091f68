"""One feature of a drafted contract, and what a typical house has there."""

from collections.abc import Iterator

import tomlkit
from tomlkit.items import Array, Item, Table

from house_prices.contract.toml_table import QUESTION
from house_prices.contract_draft.columns import Column
from house_prices.sales.words import TRUE

_WIDTH = 100
"""Of a line of choices."""
_LIKE = 0.97
"""Correlation with the price from which on a column may be the price in other words."""
_MANY = 0.5
"""Share of numbers from which on a category may be meant as one."""
_AFTERWARDS = {"sale", "sales", "sold", "selling", "assessed", "tax", "taxes", "price", "value", "val"}
"""Words for what is often known only once a price is."""


def feature(column: Column, price: Column, name: str, number: int, kind: str, *, doubted: bool) -> Table:
    """The table of a feature, with what was seen of it, and what is to be decided, as comments."""
    table = tomlkit.table()
    if doubt := _doubt(column, price):
        table.add(tomlkit.comment(f"decide: {doubt}; is it known when a price is asked for?"))
    table.update({"name": name, "column": column.header, "number": number, "kind": kind})
    if kind in ("number", "integer"):
        low, high = column.bounds
        table.add("unit", unit_asked(column) if column.has_several_units else column.unit)
        if column.doubt and not doubted:
            table.add("decimal", question(column))
        table.add("minimum", tomlkit.item(whole(low)).comment(f"seen: {short(column.low)}"))
        table.add("maximum", tomlkit.item(whole(high)).comment(f"seen: {short(column.high)}"))
        if column.strangers:
            table.add(tomlkit.comment(_refused(column)))
    if kind == "category":
        if len(column.known) > _MANY * column.filled and column.strangers:
            table.add(tomlkit.comment(_numbers_too(column)))
        if column.pair:
            table.add(
                tomlkit.comment(
                    f"decide: {column.pair!r} is one choice of many. For a model to count, write two columns."
                )
            )
        table.add("choices", _choices(column))
    if column.is_optional:
        table.add(tomlkit.comment(_meaning(column, kind)))
        table.add("required", False)
    elif column.filled < column.rows:
        table.add(tomlkit.comment(_slips(column)))
    table.add("description", "")
    return table


def typical(column: Column, kind: str) -> bool | float | str:
    """The commonest value, or the median of measurements."""
    if kind == "category":
        return column.texts[0]
    if kind == "flag":
        return column.texts[0].lower() in TRUE
    return whole(float(column.known.median() if kind == "number" else column.known.mode()[0]))


def whole(number: float) -> int | float:
    """A whole number without its decimals."""
    return int(number) if number == int(number) else number


def short(number: float) -> str:
    """A number in words of a comment: whole, or six digits of it."""
    return str(whole(number)) if number == int(number) else f"{number:.6g}"


def _doubt(column: Column, price: Column) -> str:
    """Why a column may tell the price rather than the house."""
    if column.is_number and abs(likeness := float(column.known.corr(price.known))) >= _LIKE:
        return f"nearly the price itself, with a correlation of {likeness:.3f}"
    told = sorted(_AFTERWARDS & set(column.words))
    return f"the header speaks of {told[0]!r}" if told else ""


def _choices(column: Column) -> Array:
    """Sorted, on as many lines as they need."""
    order = dict(zip(column.texts, column.numbers, strict=True))
    texts = sorted(order) if column.strangers else sorted(order, key=lambda text: order[text])
    choices = tomlkit.item(texts)
    if len(choices.as_string()) <= _WIDTH:
        return choices
    choices = tomlkit.array()
    for line in _lines(texts):
        choices.add_line(*line)
    choices.add_line(indent="")
    return choices


def _lines(texts: list[str]) -> Iterator[list[str]]:
    line: list[str] = []
    for text in texts:
        if line and sum(len(each) + 4 for each in [*line, text]) > _WIDTH:
            yield line
            line = []
        line.append(text)
    yield line


def _numbers_too(column: Column) -> str:
    """What to think of a category of which most cells are numbers."""
    came = ", ".join(repr(text) for text in column.strangers[:3])
    return (
        f"decide: {len(column.known)} of {column.filled} cells are numbers, others {came}. If it measures "
        'something, write kind = "number" and no choices, and sales with the others are refused.'
    )


def _refused(column: Column) -> str:
    count = column.filled - len(column.known)
    came = ", ".join(repr(text) for text in column.strangers[:3])
    return f"decide: {count} cells are no numbers, such as {came}; their sales are refused."


def question(column: Column) -> Item:
    """The decimal mark of one column, left for a person to answer."""
    asked = tomlkit.item(QUESTION)
    asked.comment(
        f"decide: is {column.doubt} written with a decimal mark (.), or is that one of thousands (,)?"
    )
    return asked


def unit_asked(column: Column) -> Item:
    """The unit of a column that has several, left for a person to answer."""
    asked = tomlkit.item(QUESTION)
    found = ", ".join(f"{count} are in {unit}" for unit, count in column.known_units.items())
    asked.comment(f"decide: {found}; sales in another than you write are refused.")
    return asked


def _slips(column: Column) -> str:
    """What becomes of the sales of a few empty cells."""
    count = column.rows - column.filled
    return f"{count} of {column.rows} cells are empty; their sales are refused, unless required = false."


def _meaning(column: Column, kind: str) -> str:
    """What may be meant by the empty cells, for a person to decide."""
    stands = {"category": '"none"', "flag": "false"}.get(kind, "0")
    also = ' and add "none" to choices' if kind == "category" else ""
    share = f"{100 * column.empty:.1f}% of the cells are empty"
    return f"{share}; decide: where empty means {stands}, write missing = {stands} instead{also}."
