"""Every error that this package raises on purpose.

HousePricesError
├── WrongFolder           Dagster started where it would not find the project, or lose its own records
├── UnsafeFile            a file of Dagster's own that others can have written, and that would run code
├── ContractError         a contract that cannot be used; lists every fault at once
├── SourceError           a raw file that cannot be read
├── SalesError            sales that no model can be trained on
├── StoreError            storage to write to that refuses, or that does not do what is needed
├── MonitoringError   served predictions that cannot be moved, joined or compared
├── GatewayError          settings that no front door can be made of
├── SignInError           a file of users that cannot be used
├── DeploymentError       images that cannot be built, or services that do not become healthy
└── RegistryError
    ├── VersionNotFound   no such market, version or champion
    ├── ModelDamaged      files that differ from what was published
    ├── PromotionRefused  a promotion of something other than what was judged, or of what a person rejected
    └── RejectionRefused  a rejection of the version that serves

A message says what came, what is allowed and what to do.
"""

from collections.abc import Sequence


class HousePricesError(Exception):
    """Base of every error here: something a person can put right."""


class WrongFolder(HousePricesError):
    """Dagster started where it would not find the project, or where its own records would be lost."""


class UnsafeFile(HousePricesError):
    """A file that runs code when it is read, and that others than this user can have written."""


class ContractError(HousePricesError):
    """A contract that cannot be used."""

    def __init__(self, where: str, faults: Sequence[str]) -> None:
        self.where = where
        """The file, or what else the contract was read from."""
        self.faults = tuple(faults)
        """One sentence a fault: key, what stands there, what is allowed."""
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__("\n".join([f"{where}: {count}", *(f"  {fault}" for fault in self.faults)]))


class GatewayError(HousePricesError):
    """Settings of the gateway that cannot be used, or that do not go together."""


class SignInError(HousePricesError):
    """Users or passwords that nobody can sign in with."""


class DeploymentError(HousePricesError):
    """Images that could not be built, or services that did not become healthy with them."""


class SourceError(HousePricesError):
    """Sales that cannot be had: a raw file that cannot be read, or a source that does not give them."""


class SourceUnavailable(SourceError):
    """A source that gives no sales now, and may by itself give them later."""


class StoreError(HousePricesError):
    """Storage that refuses what is written or read, or that does not do what is needed of it."""


class StoreUnavailable(StoreError):
    """Storage that does not answer now, and may by itself do so later."""


class SalesError(HousePricesError):
    """Sales that no model can be trained on."""


class MonitoringError(HousePricesError):
    """Served predictions that cannot be moved, joined or compared."""


class RegistryError(HousePricesError):
    """A registry that cannot do what was asked."""


class VersionNotFound(RegistryError):
    """No such market, version or champion."""


class ModelDamaged(RegistryError):
    """Files that differ from what was published."""


class PromotionRefused(RegistryError):
    """A promotion of something other than what was judged, or of what a person rejected."""


class RejectionRefused(RegistryError):
    """A rejection of the version that serves."""
