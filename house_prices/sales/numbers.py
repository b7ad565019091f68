"""Numbers, as people write them: with a decimal mark, grouped by thousands, beside a currency or a unit."""

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from house_prices.sales import units

if TYPE_CHECKING:
    import pyarrow as pa

Mark = Literal[".", ","]

_SPACES = "\u0020\u00a0\u202f\u2009"
_QUOTES = "'\u2019\u02bc`\u00b4"
_MINUS = r"\-\u2212"
_DASH = "-\u2013\u2014"
_EXPONENT = r"(?:[eE][+-]?\d+)?"
_DECIMALS = r"(?:\.\d*)?"
_INDIAN = re.compile(rf"\d{{1,2}}(?:,\d{{2}})+,\d{{3}}{_DECIMALS}")
_BESIDE = rf"[^\d.,+({_MINUS}]*"
_BODY = re.compile(
    rf"(?P<before>{_BESIDE})(?P<sign>[+({_MINUS}]?)(?P<middle>{_BESIDE})(?P<rest>[.,]?\d.*)", re.DOTALL
)
_REST = re.compile(
    rf"(?P<digits>[.,]?\d(?:[\d.,{_QUOTES}{_SPACES}]*\d)?[.,]?(?:[eE][+-]?\d+(?![\w²]))?)(?P<after>.*)",
    re.DOTALL,
)
_PLAIN = re.compile(rf"(?:\d+{_DECIMALS}|\.\d+){_EXPONENT}")


@dataclass(frozen=True, kw_only=True)
class Written:
    """A number in its parts, as it stands in a cell."""

    negative: bool
    digits: str
    """With its marks, and without what stands around it."""
    times: float
    """1000 for 391k, a million for 1.2M."""
    unit: str
    """What stands before or after it; empty if nothing does."""
    unit_follows: bool
    """Whether it stands after it."""


def parse(texts: "pa.Array", *, decimal: str, unit: str | None = None) -> NDArray[np.float64]:
    """The number that each tidy text writes: [texts]. NaN where it writes none, or one of another unit.

    Texts that are plain numbers all together, which most are, are read at once; else each by itself.
    """
    import pyarrow as pa  # here, for `value` reads numbers without it
    import pyarrow.compute as pc

    if decimal == ".":
        try:
            return np.asarray(pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
        except pa.ArrowInvalid:
            pass
    read = (number(text, decimal=decimal, unit=unit) for text in texts.to_pylist())
    return np.array([math.nan if value is None else value for value in read], dtype=np.float64)


def number(text: str, *, decimal: str, unit: str | None = None) -> float | None:
    """The number that one tidy text writes; None where it writes none, or one of another unit.

    `unit` is that of the contract, empty if it names none; None takes whatever stands there.
    """
    if decimal == "." and _PLAIN.fullmatch(text):
        return float(text)
    if text.lower().lstrip("+-") in ("inf", "infinity"):
        return math.inf
    written = parts(text)
    if written is None or not _agrees(written.unit, unit):
        return None
    plain = _ungrouped(written.digits, decimal)
    return None if plain is None else float(plain) * written.times * (-1 if written.negative else 1)


def _agrees(found: str, unit: str | None) -> bool:
    if unit is None:
        return not found or units.known(found) is not None
    return units.agrees(found, unit)


def parts(text: str) -> Written | None:
    """What a cell is made of; None where it is no number with at most one unit at each side."""
    found = _BODY.fullmatch(re.sub(f"[.,][{_DASH}]+$", "", text))  # as in 391'000.-
    rest = found and _REST.fullmatch(found["rest"])
    if not found or not rest:
        return None
    after, sign = rest["after"].strip(), found["sign"]
    if (sign == "(") != after.endswith(")"):
        return None
    around = [each.strip() for each in (found["before"], found["middle"]) if each.strip()]
    times, after = units.multiplier(
        after.removesuffix(")").strip(), counts=any(map(units.is_currency, around))
    )
    beside = [*around, after] if after else around
    if len({units.known(each) or each for each in beside}) > 1:
        return None
    return Written(
        negative=bool(sign) and sign in "-\u2212(",
        digits=rest["digits"].strip(_SPACES),
        times=times,
        unit=beside[-1] if beside else "",
        unit_follows=bool(after),
    )


def _ungrouped(digits: str, decimal: str) -> str | None:
    """The digits with a point as the decimal mark and no other; None where the marks make no sense."""
    if decimal == ",":
        digits = digits.translate(str.maketrans(".,", ",."))
    if _PLAIN.fullmatch(digits):
        return digits
    if _INDIAN.fullmatch(digits):
        return digits.replace(",", "")
    for marks in (",", _QUOTES, _SPACES):
        if re.fullmatch(rf"\d{{1,3}}(?:[{marks}]\d{{3}})+{_DECIMALS}", digits):
            return re.sub(rf"[{marks}]", "", digits)
    return None


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Evidence in the texts of numbers about their decimal mark."""

    point: int
    """Texts in which a point can only be the decimal mark, or a comma only group thousands."""
    comma: int
    """The other way round."""
    either: tuple[str, ...]
    """Texts such as 1.234, which are 1234 with a decimal comma and about 1 with a decimal point."""


def marks(texts: list[str]) -> Marks:
    """Look at texts of numbers for their decimal mark."""
    seen: dict[str, list[str]] = {".": [], ",": [], "either": []}
    for text in texts:
        if (written := parts(text)) and (says := _says(written.digits)):
            seen[says].append(text)
    return Marks(point=len(seen["."]), comma=len(seen[","]), either=tuple(seen["either"]))


def _says(digits: str) -> str:
    """The decimal mark that digits give away; "either", or nothing where they have no mark."""
    points, commas = digits.count("."), digits.count(",")
    if not points and not commas:
        return ""
    if points and commas:
        last = "." if digits.rfind(".") > digits.rfind(",") else ","
        return last if digits.count(last) == 1 else ""
    mark, other = (".", ",") if points else (",", ".")
    if points + commas > 1:
        return other if _ungrouped(digits, other) else ""
    whole, _, decimals = digits.partition(mark)
    grouped = len(decimals) == 3 and re.fullmatch(r"[1-9]\d{0,2}", whole)
    return "either" if grouped else mark
