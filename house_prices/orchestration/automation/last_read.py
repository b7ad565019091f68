"""What was read last: the newest materialization of a market's raw sales."""

from dataclasses import dataclass

import dagster as dg
from dagster._core.definitions.data_version import CODE_VERSION_TAG

from house_prices.contract.schema import Contract
from house_prices.orchestration.assets.metadata import common, key


@dataclass(frozen=True, kw_only=True)
class LastRead:
    """One reading of the source."""

    number: int
    """Its place in Dagster's event log."""
    digest: str
    """Of what was read."""
    stamp: str
    """What the source looked like; empty if the first release has read it."""
    complete: bool
    """Whether a candidate of these sales was judged, by today's contract and release."""


def of(instance: dg.DagsterInstance, contract: Contract) -> LastRead | None:
    """None if the sales were never read."""
    records = instance.fetch_materializations(key(contract, "raw_sales"), limit=1).records
    if not records or records[0].asset_materialization is None:
        return None
    made = records[0].asset_materialization
    facts = {name: str(value.value) for name, value in made.metadata.items()}
    judged = instance.fetch_materializations(key(contract, "metrics"), limit=1).records
    today = common(contract, "raw_sales")["code_version"]
    return LastRead(
        number=records[0].storage_id,
        digest=facts["digest"],
        stamp=facts.get("source_stamp", ""),
        complete=bool(judged)
        and judged[0].storage_id > records[0].storage_id
        and (made.tags or {}).get(CODE_VERSION_TAG) == today,
    )
