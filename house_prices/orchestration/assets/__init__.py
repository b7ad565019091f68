"""The assets of a market, in the order in which sales become a champion."""

import dagster as dg

from house_prices.contract.schema import Contract
from house_prices.orchestration.assets.candidate_model import candidate_model
from house_prices.orchestration.assets.champion import champion
from house_prices.orchestration.assets.clean_sales import clean_sales
from house_prices.orchestration.assets.fitted_pipeline import fitted_pipeline
from house_prices.orchestration.assets.metrics import metrics
from house_prices.orchestration.assets.model_card import model_card
from house_prices.orchestration.assets.raw_sales import raw_sales
from house_prices.orchestration.assets.realised_sales import realised_sales
from house_prices.orchestration.assets.scored_houses import scored_houses
from house_prices.orchestration.assets.served_drift import served_drift
from house_prices.orchestration.assets.served_predictions import served_predictions
from house_prices.orchestration.assets.source import source
from house_prices.orchestration.assets.splits import splits

__all__ = ["EXTERNAL", "FLOW", "champion", "of_market"]

FLOW = (
    source,
    raw_sales,
    clean_sales,
    splits,
    fitted_pipeline,
    candidate_model,
    metrics,
    model_card,
    champion,
)
EXTERNAL = (source, champion)
"""What Dagster shows and does not make."""
IN_LIFE = (served_predictions, realised_sales, served_drift, scored_houses)
"""What becomes of the champion."""


def of_market(contract: Contract) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """One market's assets."""
    return [build(contract) for build in (*FLOW, *IN_LIFE)]
