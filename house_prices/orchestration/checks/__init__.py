"""A market's asset checks."""

from house_prices.contract.schema import Contract
from house_prices.orchestration.checks.drift import served_drift_checks
from house_prices.orchestration.checks.gate import gate_checks
from house_prices.orchestration.checks.in_life import realised_sales_checks
from house_prices.orchestration.checks.results import Checks
from house_prices.orchestration.checks.sales import clean_sales_checks, sanity_checks, splits_checks
from house_prices.orchestration.checks.served import champion_checks

__all__ = ["of_market"]


def of_market(contract: Contract) -> list[Checks]:
    """One market's checks."""
    return [
        clean_sales_checks(contract),
        splits_checks(contract),
        sanity_checks(contract),
        gate_checks(contract),
        champion_checks(contract),
        realised_sales_checks(contract),
        served_drift_checks(contract),
    ]
