"""The source asset: where a market's sales come from, which Dagster observes and does not make."""

import dagster as dg

from house_prices.contract.schema import Contract
from house_prices.orchestration.assets.metadata import common

_STORES = {"folder": "folder", "objects": "object storage", "database": "database"}


def source(contract: Contract) -> dg.AssetSpec:
    """The folder, storage or query that the raw sales are read from."""
    given = contract.source
    facts = {"url": given.url or f"data/{contract.name}/raw/", "query": given.query}
    return dg.AssetSpec(
        **common(contract, "source"),
        kinds={given.url.partition("://")[0] if "://" in given.url else "file"},
        description=f"The {_STORES[given.kind]} that the raw sales of {contract.title} are read from.",
        metadata={name: fact for name, fact in facts.items() if fact},
    )
