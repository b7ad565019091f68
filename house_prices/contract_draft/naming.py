"""snake_case names made of whatever stands in a header."""

import re
import unicodedata
from collections.abc import Iterable

_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "æ": "ae", "ł": "l"})


def words(header: str) -> list[str]:
    """A header's words in lower-case ASCII: LotArea, Lot.Area and "Lot area" are lot and area."""
    composed = unicodedata.normalize("NFC", header)
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", composed)
    plain = unicodedata.normalize("NFKD", split.lower().translate(_LETTERS))
    return re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode())


def name(header: str, otherwise: str) -> str:
    """A header as a name; `otherwise` where no letter or digit of it is ASCII."""
    joined = "_".join(words(header)) or otherwise
    return joined if joined[0].isalpha() else f"x{joined}"


def distinct(wanted: Iterable[str], taken: Iterable[str]) -> list[str]:
    """The names, numbered where one is taken. JSON drops the underscores of bath_1, so bath1 is the same."""
    seen = {each.replace("_", "") for each in taken}
    found = []
    for stem in wanted:
        free, count = stem, 1
        while free.replace("_", "") in seen:
            count += 1
            free = f"{stem}_{count}"
        seen.add(free.replace("_", ""))
        found.append(free)
    return found
