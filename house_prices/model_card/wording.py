"""Numbers and moments as a person reads them. A narrow space that never breaks parts thousands."""

import math
from datetime import datetime

SPACE = "\u202f"
MINUS = "\u2212"
TIMES = "\u00d7"
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LONGEST, _SHORTEST = 10_000_000, 0.0001


def count(number: float) -> str:
    """A whole number: 12 345."""
    return f"{round(number):,}".replace(",", SPACE).replace("-", MINUS)


def figure(number: float) -> str:
    """A number with the digits that count: 0.1398, 19 846, or a power of ten."""
    if not math.isfinite(number):
        return "not a number"
    if abs(number) >= _LONGEST or 0 < abs(number) < _SHORTEST:
        return _power(number)
    if abs(number) >= 1000 or number == int(number):
        return count(number)
    return f"{number:.4g}".replace("-", MINUS)


def decimals(number: float, digits: int) -> str:
    """A number with so many digits after its point, so that a column of them lines up."""
    if not math.isfinite(number) or abs(number) >= 1000 or 0 < abs(number) < 0.5 * 10**-digits:
        return figure(number)
    return f"{number:.{digits}f}".replace("-", MINUS)


def _power(number: float) -> str:
    lead, power = f"{number:.2e}".split("e")
    return f"{lead.replace('-', MINUS)}{SPACE}{TIMES}{SPACE}10{str(int(power)).translate(_RAISED)}"


def share(number: float) -> str:
    """A measured share in percent: 71.2%, or 0.05% and <0.01% where it is that small."""
    percent = 100 * number
    if not math.isfinite(percent):
        return "not a number"
    if percent in (0, 100):
        return f"{percent:.0f}%"
    if abs(percent) < 0.01:
        return "<0.01%"
    if 99.95 <= percent < 100:
        return ">99.9%"
    return f"{percent:.{1 if abs(percent) >= 0.1 else 2}f}%".replace("-", MINUS)


def percent(number: float) -> str:
    """A share that someone chose: 20%, 2.5%."""
    return f"{100 * number:.4g}%".replace("-", MINUS)


def change(number: float) -> str:
    """A share with its sign: +1.2%, -0.5%. What is too small to write is no change."""
    if abs(number) < 0.5e-4:
        return "0%"
    return f"{'+' if number > 0 else MINUS}{share(abs(number))}"


def points(number: float) -> str:
    """A difference of two shares: +0.5 points."""
    return signed(100 * number, 1) + " points"


def signed(number: float, digits: int) -> str:
    """A number with its sign and so many digits after its point."""
    rounded = round(number, digits)
    return f"{'+' if rounded > 0 else MINUS if rounded < 0 else ''}{abs(rounded):.{digits}f}"


def short(number: float) -> str:
    """A price where there is little room: 850, 125k, 1.2M."""
    for size, letter in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{number / size:.3g}{letter}".replace("-", MINUS)
    return f"{number:.3g}".replace("-", MINUS)


def moment(written: str) -> str:
    """An ISO 8601 moment: 23 November 2026, 07:22 UTC. What is no moment stays as it is."""
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        return written
    return f"{read.day} {read:%B %Y, %H:%M} {read.tzname() or ''}".strip()


def day(number: int) -> str:
    """A day written as one whole number, such as 20100731: 31 July 2010."""
    try:
        read = datetime.strptime(str(number), "%Y%m%d")
    except ValueError:
        return str(number)
    return f"{read.day} {read:%B %Y}"


def words(name: str) -> str:
    """A snake_case name as words: not worse than champion."""
    return name.replace("_", " ")


def listed(names: list[str], most: int = 6) -> str:
    """Names in a sentence, of which only the first are told."""
    shown = names[:most]
    rest = len(names) - len(shown)
    if rest:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]])) if shown else "none"
