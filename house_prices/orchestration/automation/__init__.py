"""Automation: training every night and when the source changes, promotion when a candidate has passed."""

import dagster as dg

from house_prices.contract.schema import Contract
from house_prices.orchestration.automation import (
    alerts,
    mirroring,
    monitoring,
    new_sales,
    promotion,
    retraining,
    rollback,
    training,
)

__all__ = ["of_market", "of_project"]


of_project = alerts.of_project


def of_market(contract: Contract) -> dg.Definitions:
    """One market's jobs, schedule and sensors."""
    by_events = dg.Definitions(
        jobs=[promotion.job(contract), rollback.job(contract)],
        sensors=[
            promotion.sensor(contract),
            new_sales.sensor(contract),
            retraining.sensor(contract),
            alerts.sensor(contract),
        ],
    )
    return dg.Definitions.merge(
        training.of_market(contract), monitoring.of_market(contract), mirroring.of_market(contract), by_events
    )
