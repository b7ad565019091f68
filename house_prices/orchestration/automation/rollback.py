"""The rollback job: a person brings back the champion's predecessor in the UI."""

import dagster as dg
from pydantic import Field

from house_prices.contract.schema import Contract
from house_prices.errors import RegistryError
from house_prices.orchestration import audit_heads
from house_prices.orchestration.automation.promotion import decider, materialization
from house_prices.orchestration.resources import Folders


def op_name(contract: Contract) -> str:
    """The name of the op that a rollback's run config configures."""
    return f"roll_back_{contract.name}"


class Rollback(dg.Config):
    """Why to roll back."""

    reason: str = Field(min_length=1, description="Why; it is kept in the audit log.")


def job(contract: Contract) -> dg.JobDefinition:
    """Makes the champion's predecessor the champion again. Not retried: that would go back twice."""

    @dg.op(name=op_name(contract))
    def roll_back(context: dg.OpExecutionContext, config: Rollback, folders: Folders) -> None:
        try:
            champion = folders.registry.rollback(contract.name, by=decider(context), reason=config.reason)
        except RegistryError as error:
            raise dg.Failure(str(error)) from error
        context.log_event(materialization(contract, champion))
        context.log_event(audit_heads.observation(folders.registry, contract.name))

    @dg.job(
        name=f"{contract.name}_rollback",
        tags={"market": contract.name},
        description=f"Brings back the champion of {contract.title} that the present one replaced.",
    )
    def rollback() -> None:
        roll_back()

    return rollback
