"""What may stand beside a number: a currency or a unit, in its many spellings."""

import re
import unicodedata
from collections.abc import Collection

_SPELLINGS = {
    "m2": (
        "m2",
        "m²",
        "m^2",
        "sqm",
        "sq m",
        "sq. m",
        "sq.m",
        "sq.m.",
        "sq. m.",
        "sq. meter",
        "sq.meter",
        "qm",
        "mq",
        "㎡",
        "平米",
        "кв.м",
        "кв. м",
        "square meters",
        "square metres",
    ),
    "sq ft": (
        "sq ft",
        "sqft",
        "sq. ft",
        "sq. ft.",
        "sq.ft",
        "sq.ft.",
        "sf",
        "ft2",
        "ft²",
        "ft^2",
        "square feet",
    ),
    "ha": ("ha", "hectare", "hectares"),
    "acre": ("acre", "acres", "ac"),
    "km": ("km", "kms", "kilometer", "kilometers", "kilometre", "kilometres"),
    "mi": ("mi", "mile", "miles"),
    "m": ("m", "meter", "meters", "metre", "metres"),
    "ft": ("ft", "feet", "foot", "'"),
    "%": ("%", "percent", "pct"),
    "year": ("year", "years", "yr", "yrs"),
    "USD": ("usd", "us$", "$"),
    "BRL": ("brl", "r$"),
    "EUR": ("eur", "€", "euro", "euros"),
    "GBP": ("gbp", "£"),
    "CHF": ("chf", "fr.", "sfr.", "fr"),
    "INR": ("inr", "₹", "rs", "rs."),
    "JPY": ("jpy", "¥", "円"),
    "CNY": ("cny", "rmb", "元"),
    "SEK": ("sek", "kr", "kr."),
    "PLN": ("pln", "zł"),
    "CZK": ("czk", "kč"),
    "RUB": ("rub", "₽"),
    "KRW": ("krw", "₩"),
    "ILS": ("ils", "₪"),
    "TRY": ("try", "₺"),
    "AUD": ("aud", "a$", "au$"),
    "CAD": ("cad", "c$", "ca$"),
    "NZD": ("nzd", "nz$"),
    "MXN": ("mxn", "mx$"),
    "SGD": ("sgd", "s$"),
    "HKD": ("hkd", "hk$"),
    "NOK": ("nok",),
    "DKK": ("dkk",),
    "ZAR": ("zar",),
    "HUF": ("huf",),
}
_UNITS = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings}
_SHARED = {
    "USD": {"AUD", "CAD", "NZD", "MXN", "SGD", "HKD", "ARS", "CLP", "COP"},
    "SEK": {"NOK", "DKK", "ISK"},
    "JPY": {"CNY"},
}
"""Currencies that share a sign with the first."""
CURRENCIES = frozenset(unit for unit in _SPELLINGS if re.fullmatch("[A-Z]{3}", unit))


_MULTIPLIERS = {
    "k": 1e3,
    "tsd": 1e3,
    "tsd.": 1e3,
    "тыс": 1e3,
    "тыс.": 1e3,
    "lakh": 1e5,
    "lakhs": 1e5,
    "lac": 1e5,
    "lacs": 1e5,
    "mn": 1e6,
    "mio": 1e6,
    "mio.": 1e6,
    "mln": 1e6,
    "млн": 1e6,
    "million": 1e6,
    "cr": 1e7,
    "crore": 1e7,
    "crores": 1e7,
    "bn": 1e9,
    "mrd": 1e9,
    "mrd.": 1e9,
    "billion": 1e9,
}
_MYRIADS = {"万": 1e4, "萬": 1e4, "만": 1e4, "億": 1e8, "亿": 1e8, "억": 1e8}
"""The same in East Asia, where no space follows."""
_ENDINGS = ("", "s", "es", "e", "en", "n", "i")
"""What may follow a word for one to name several."""


def multiplier(text: str, *, counts: bool) -> tuple[float, str]:
    """How many times a number counts for what stands after it, and the rest of that.

    1.2 M is a million and a bit; 1.2 m is a length, unless a currency (`counts`) says otherwise.
    """
    if text[:1] in _MYRIADS:
        return _MYRIADS[text[0]], text[1:].strip()
    word, _, rest = text.partition(" ")
    if word == "M" or (word == "m" and counts):
        return 1e6, rest.strip()
    times = _MULTIPLIERS.get(word.lower(), 1.0)
    return times, rest.strip() if times != 1 else text


def is_currency(text: str) -> bool:
    """Whether a spelling names a currency."""
    return known(text) in CURRENCIES


def known(text: str) -> str | None:
    """The unit that a spelling names, such as sq ft for sqft; None where nobody knows it."""
    return _UNITS.get(re.sub(r"\s+", " ", text.strip().lower()))


def common(found: Collection[str]) -> str | None:
    """The unit that all of these agree with, as CAD is with $ and CAD; None if there is none."""
    return next((one for one in found if all(agrees(other, one) for other in found)), None)


def signs_of(unit: str) -> Collection[str]:
    """Other currencies that are written with the same sign; empty if it has its own."""
    return sorted(_SHARED.get(unit, ()))


def is_same_word(text: str, other: str) -> bool:
    """Whether two words are one but for case, accents and the plural: habitación and habitaciones."""
    short, long = sorted((_plain(text), _plain(other)), key=len)
    return bool(short) and long.startswith(short) and long[len(short) :] in _ENDINGS


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.strip().lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def agrees(text: str, unit: str) -> bool:
    """Whether what stands beside a number, if anything does, is the unit of the contract."""
    found, wanted = known(text), known(unit) or unit
    if not text.strip():
        return True
    if found is None:
        return is_same_word(text, unit)
    return found == wanted or wanted in _SHARED.get(found, ())
