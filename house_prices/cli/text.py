"""Text on a terminal: that of others made harmless, tables, prices and figures."""

import json
import unicodedata
from collections.abc import Sequence

HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
"""Categories of characters that a terminal obeys or does not show: escapes, direction marks, line ends."""
WHOLE_FROM = 100


def shown(text: object) -> str:
    """Text in which what a terminal would obey is written out, as JSON would: it stays JSON if it was."""
    return "".join(_written(letter) for letter in str(text))


def _written(letter: str) -> str:
    if unicodedata.category(letter) not in HIDDEN:
        return letter
    return json.dumps(letter)[1:-1]


def aligned(rows: Sequence[Sequence[object]]) -> list[str]:
    """Rows as lines whose columns line up: numbers to the right, texts to the left, the last as it comes."""
    cells = [[shown(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    sides = [">" if all(map(_is_number, column[1:])) else "<" for column in zip(*cells, strict=True)]
    return ["  ".join(map(_fitted, row, sides, widths)).rstrip() for row in cells]


def _fitted(cell: str, side: str, width: int) -> str:
    return f"{cell:{side}{width}}"


def _is_number(cell: str) -> bool:
    return not cell or cell.replace(".", "", 1).replace(",", "").removeprefix("-").isdigit()


def money(value: float) -> str:
    """A price for people: whole from 100 on."""
    return f"{value:,.0f}" if abs(value) >= WHOLE_FROM else f"{value:,.2f}"


def amount(value: float, unit: str) -> str:
    """A price with its currency, if the contract names one."""
    return f"{money(value)} {unit}".rstrip()


def figure(value: object) -> str:
    """A metric for people: three digits that count, or a whole number."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3g}" if abs(value) < WHOLE_FROM else f"{value:,.0f}"


def as_json(facts: object) -> str:
    """Facts for programs, safe on a terminal, too."""
    return "\n".join(map(shown, json.dumps(facts, indent=2, ensure_ascii=False).split("\n")))
