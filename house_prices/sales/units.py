"""What may stand beside a number: a currency or a unit, in its many spellings."""

import re

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
        "qm",
        "mq",
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
    "km": ("km", "kilometer", "kilometers", "kilometre", "kilometres"),
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
    "mn": 1e6,
    "mio": 1e6,
    "mio.": 1e6,
    "mln": 1e6,
    "million": 1e6,
}


def multiplier(text: str, *, counts: bool) -> tuple[float, str]:
    """How many times a number counts for what stands after it, and the rest of that.

    1.2 M is a million and a bit; 1.2 m is a length, unless a currency (`counts`) says otherwise.
    """
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


def agrees(text: str, unit: str) -> bool:
    """Whether what stands beside a number is the unit of the contract, or may be where it names none."""
    found, wanted = known(text), known(unit) or unit
    if not text.strip() or text.strip().lower() == unit.lower():
        return True
    if found is None or not unit:
        return found is not None
    return found == wanted or wanted in _SHARED.get(found, ())
