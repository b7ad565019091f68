"""The realised_sales asset."""

from collections.abc import Iterable
from typing import Any

import dagster as dg

from house_prices.contract.schema import Contract
from house_prices.model_card import in_life as card
from house_prices.monitoring import in_life, realised, references
from house_prices.monitoring.in_life import InLife
from house_prices.orchestration.assets.metadata import PARQUET, common, every_sale, key, table
from house_prices.orchestration.resources import Folders
from house_prices.sales import beyond_memory


def realised_sales(contract: Contract) -> dg.AssetsDefinition:
    """Sales that the platform had priced before they happened."""

    @dg.asset(
        **common(contract, "realised_sales"),
        ins={"clean_sales": every_sale(contract, "clean_sales")},
        deps=[key(contract, "served_predictions")],
        kinds={"pandas", "parquet"},
        io_manager_key=PARQUET,
    )
    def asset(context: dg.AssetExecutionContext, clean_sales: Any, folders: Folders) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """Clean sales joined to what was predicted for them, and how each version did on them.

        Sales that cleaning refuses are not here. Houses that sell are no random sample of those priced.
        """
        if why_not := realised.can_join(contract):
            context.log.warning(why_not)
        log, secret = folders.served(contract.name), references.key()
        if not contract.engine.in_memory:
            clean_sales = realised.priced(beyond_memory.frames(clean_sales), log, secret)
        joined = realised.join(clean_sales, log, contract, secret)
        decisions = folders.registry.decisions(contract.name)
        promised = {number: decision.metrics for number, decision in decisions.items()}
        found = in_life.by_version(joined, contract, promised)
        published = folders.registry.versions(contract.name)
        for version in found.keys() & {*published}:
            card.publish(folders.registry, contract.name, found[version])
        return dg.MaterializeResult(
            value=joined,
            metadata={
                "dagster/row_count": len(joined),
                "clean_sales": len(clean_sales),
                "joined_by": why_not or "the callers' references",
                "versions": table(_HEADER, map(_line, found.values())),
                "months": table(("version, month", "sales", "mdape"), _months(found.values())),
                "note": in_life.CAVEAT,
            },
        )

    return asset


_HEADER = ("version", "sales", "since", "mdape", "on the holdout", "rmsle", "on the holdout", "coverage")


def _line(found: InLife) -> tuple[object, ...]:
    errors = [of.get(name, "none") for name in ("mdape", "rmsle") for of in (found.metrics, found.promised)]
    return (
        found.version,
        found.sales,
        found.since,
        *errors,
        "none" if found.coverage is None else found.coverage,
    )


def _months(found: Iterable[InLife]) -> list[tuple[object, ...]]:
    return [
        (f"{one.version}, {month}", int(of["sales"]), of["mdape"])
        for one in found
        for month, of in one.months.items()
    ]
