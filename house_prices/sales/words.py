"""Words of cells and headers: what is empty, what says yes or no, what is a sum below the sales."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

EMPTY = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", ".", "?"})
"""Spellings of an empty cell, in lower case."""
TRUE = frozenset({"1", "1.0", "true", "t", "yes", "y", "ja", "sim", "oui", "sí", "si"})
FALSE = frozenset({"0", "0.0", "false", "f", "no", "n", "nein", "não", "nao", "non"})
"""Words for yes and no, in lower case."""
TOTALS = frozenset(
    {"total", "totals", "grand total", "subtotal", "sum", "summe", "gesamt", "gesamtsumme", "totale", "suma"}
    | {"somme", "soma", "average", "mean", "durchschnitt", "mittelwert", "media", "moyenne", "итого"}
)
"""What the first cell of a line of sums says, in lower case."""


def tidy(text: str) -> str:
    """Text in NFC, without the blanks around it."""
    return unicodedata.normalize("NFC", text.strip())


def is_empty(text: str, choices: Iterable[str] = ()) -> bool:
    """Whether a tidy cell stands for nothing known. A category's own choice never does."""
    return text.lower() in EMPTY and text not in choices


def truth(text: str) -> bool | None:
    """What a tidy cell of a flag says; None where it says neither."""
    word = text.lower()
    return True if word in TRUE else False if word in FALSE else None


@lru_cache(maxsize=10_000)  # thousands of small files have the same few
def header(text: str) -> str:
    """A header in NFC, with single spaces where it has line breaks or several blanks."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text.removeprefix("\ufeff"))).strip()


def is_total(cells: Iterable[str]) -> bool:
    """Whether a line's first cell that is not empty speaks of a sum."""
    first = next((cell for cell in map(tidy, cells) if cell), "")
    return first.rstrip(":").strip().lower() in TOTALS
