"""The heads of the markets' audit logs, kept in Dagster's event log, out of the registry's reach.

Each is an observation of the market's champion. With the heads, `models verify` tells lines removed from the
end of a log, and a log written anew.
"""

import dagster as dg

from house_prices.registry import Head, Registry

LINES, HASH = "audit_log_lines", "audit_log_hash"
PAGE = 1000
RECENT = 100
"""Heads that are compared before a promotion. `models verify` compares all."""


def observation(registry: Registry, market: str) -> dg.AssetObservation:
    """The head of a market's log, as an event to log after each change."""
    head = registry.head(market)
    return dg.AssetObservation(
        dg.AssetKey([market, "champion"]),
        description="The audit log's last line.",
        metadata={LINES: head.lines if head else 0, HASH: head.hash if head else ""},
    )


def kept(instance: dg.DagsterInstance, market: str, limit: int | None = None) -> list[Head]:
    """The heads that Dagster knows, oldest first; with a limit, the newest."""
    heads: list[Head] = []
    cursor, more = None, True
    while more and (limit is None or len(heads) < limit):
        page = instance.fetch_observations(
            dg.AssetKey([market, "champion"]), limit=limit or PAGE, cursor=cursor
        )
        heads += [head for record in page.records if (head := _head(record))]
        cursor, more = page.cursor, page.has_more
    return heads[:limit][::-1]


def keep(instance: dg.DagsterInstance, registry: Registry, market: str) -> None:
    """Keep the log's head, unless it is the one that was kept last."""
    if is_new(instance, registry, market):
        instance.report_runless_asset_event(observation(registry, market))


def is_new(instance: dg.DagsterInstance, registry: Registry, market: str) -> bool:
    """Whether the log's head is not the one that was kept last."""
    head = registry.head(market)
    known = kept(instance, market, limit=1)
    return head is not None and [(one.lines, one.hash) for one in known] != [(head.lines, head.hash)]


def faults(instance: dg.DagsterInstance, registry: Registry, market: str) -> list[str]:
    """What recent heads tell of the log, and nobody has accepted; empty if it has them all."""
    return registry.missing_heads(market, kept(instance, market, RECENT))


def _head(record: dg.EventLogRecord) -> Head | None:
    event = record.event_log_entry.asset_observation
    if event is None or HASH not in event.metadata or not event.metadata[HASH].value:
        return None
    return Head(
        lines=int(str(event.metadata[LINES].value)),
        hash=str(event.metadata[HASH].value),
        kept=f"Dagster's event {record.storage_id}",
    )
