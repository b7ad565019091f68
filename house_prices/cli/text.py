"""Text of others on a terminal."""

import json
import unicodedata

HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
"""Categories of characters that a terminal obeys or does not show: escapes, direction marks, line ends."""


def shown(text: object) -> str:
    """Text in which what a terminal would obey is written out, as JSON would: it stays JSON if it was."""
    return "".join(_written(letter) for letter in str(text))


def _written(letter: str) -> str:
    if unicodedata.category(letter) not in HIDDEN:
        return letter
    return json.dumps(letter)[1:-1]
