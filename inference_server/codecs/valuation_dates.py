"""The dates that a price may be asked for, and what is said of those beyond the sales."""

from dataclasses import dataclass
from datetime import date

from house_prices.registry import Dates

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, kw_only=True)
class ValuationDates:
    """Those of one version."""

    known: Dates | None
    """None if dates do not count for it."""
    is_dated: bool
    """Whether its prices depend on the date."""

    def fault(self, text: str) -> str:
        """What is wrong with a date that was asked for; empty if nothing is."""
        asked = _date(text)
        if self.known is None:
            return "" if asked else f"came {text[:40]!r}, allowed: a date such as 2015-05-27"
        if asked is None or not self.known.first <= asked <= self.known.until:
            return f"came {text[:40]!r}, allowed: a date from {self.known.first} to {self.known.until}"
        return ""

    def day(self, text: str) -> float:
        """A sound date as the model takes it: in days from 1970-01-01."""
        return float((date.fromisoformat(text) - EPOCH).days)

    def warning(self, text: str) -> str:
        """What makes a price as of this sound date less certain; empty if nothing does."""
        if self.known is None or not self.is_dated:
            return f"valuation_date {text} changes nothing: this version's prices do not depend on the date"
        late = (date.fromisoformat(text) - self.known.reference).days
        if late <= 0:
            return ""
        newest = f"{self.known.newest}, the newest sale it was trained on"
        return (
            f"valuation_date {text} is {late} days after {self.known.reference}, the model's reference date: "
            f"the price follows the market's trend from {newest}"
        )


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2015-05-27") else None
    except ValueError:
        return None
