"""The champion asset: materialized by the promotion job alone."""

import dagster as dg

from house_prices.contract.schema import Contract
from house_prices.orchestration.assets.metadata import common, key


def champion(contract: Contract) -> dg.AssetSpec:
    """The version that serves. Nothing computes it, so nobody materializes it by accident."""
    return dg.AssetSpec(
        **common(contract, "champion"),
        deps=[key(contract, "metrics")],
        description="The version that serves: promoted by the sensor, or by `house-prices models promote`.",
        kinds={"onnx"},
    )
