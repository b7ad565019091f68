"""A market whose contract cannot be used, as the UI shows it: an asset with a check that says why."""

import re

import dagster as dg

from house_prices.errors import ContractError


def definitions(market: str, error: ContractError) -> dg.Definitions:
    """The market's group, with nothing in it but its contract."""
    dg.get_dagster_logger("house_prices").warning(f"Market {market} is left out. {error}")
    group = re.sub(r"\W", "_", market)
    key = dg.AssetKey([group, "contract"])
    faults = "\n".join(f"- {fault}" for fault in error.faults)
    contract = dg.AssetSpec(
        key,
        group_name=group,
        description=f"{error.where} cannot be used, so nothing trains here:\n\n{faults}",
    )

    @dg.asset_check(name="contract_is_sound", asset=key, description="The contract can be used.")
    def contract_is_sound() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(
            passed=False,
            description=f"{error} Correct it, then reload the code location.",
            metadata={"faults": dg.MetadataValue.md(faults)},
        )

    return dg.Definitions(assets=[contract], asset_checks=[contract_is_sound])
