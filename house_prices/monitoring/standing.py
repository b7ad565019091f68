"""How a market stands, by its registry alone: for alerts and for metrics."""

from collections.abc import Iterator
from datetime import UTC, datetime

from house_prices.registry import DecisionRecord, Outcome, Registry


def waiting(registry: Registry, market: str) -> Iterator[DecisionRecord]:
    """The candidates that need review: newer than the champion, and neither promoted nor rejected since."""
    champion = registry.champion(market)
    for number, decision in registry.decisions(market).items():
        is_newer = champion is None or number > champion.version
        if decision.outcome is Outcome.NEEDS_REVIEW and is_newer and not registry.rejection(market, number):
            yield decision


def sales_since(registry: Registry, market: str) -> datetime | None:
    """When the newest sales were first trained on; None if nothing is published."""
    since, newest = None, None
    for number in reversed(registry.versions(market)):
        manifest = registry.version(market, number).manifest
        data = manifest.data.get("files")
        if newest is not None and data != newest:
            break
        newest, since = data, datetime.fromisoformat(manifest.created_at)
    return since


def age_days(since: datetime) -> float:
    """Days from then until now."""
    return (datetime.now(UTC) - since).total_seconds() / 86_400
