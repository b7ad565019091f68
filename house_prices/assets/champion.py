"""The champion asset: materialized by the promotion job alone."""

import dagster as dg

from house_prices.assets.metadata import OWNERS, key
from house_prices.contract import Contract


def champion(contract: Contract) -> dg.AssetSpec:
    """The version that serves. It has no compute of its own, so that no one materializes it by accident."""
    return dg.AssetSpec(
        key(contract, "champion"),
        deps=[key(contract, "metrics")],
        description="The version that serves: promoted by the sensor, or by `house-prices models promote`.",
        group_name=contract.name,
        kinds={"onnx"},
        owners=OWNERS,
    )
