"""The check that asks the running inference server whether it serves the champion."""

import time
from dataclasses import dataclass

import dagster as dg
import grpc

from house_prices.contract.schema import Contract
from house_prices.errors import RegistryError
from house_prices.orchestration.assets.metadata import key
from house_prices.orchestration.resources import Folders, InferenceServer
from house_prices.registry import Champion
from inference_server.client.oip import OipClient

PATIENCE_S = 10.0
"""A server follows a promotion within seconds; until then it may serve the previous version."""
PAUSE_S = 0.2


@dataclass(frozen=True, kw_only=True)
class Served:
    """What a server serves for a market."""

    version: int = 0
    """0 if it serves none."""
    sha256: str = ""
    problem: str = ""
    """Why it did not answer; empty if it did."""


def champion_checks(contract: Contract) -> dg.AssetChecksDefinition:
    """The champion's check."""
    asset = key(contract, "champion")

    @dg.asset_check(name="served", asset=asset)
    def served(folders: Folders, server: InferenceServer) -> dg.AssetCheckResult:
        """The running inference server serves the champion."""
        try:
            champion = folders.registry.champion(contract.name)
        except RegistryError as error:
            return dg.AssetCheckResult(passed=False, description=str(error))
        if not server.address:
            return _skipped(
                "No server is configured. Start Dagster with HOUSE_PRICES_ADDRESS, such as localhost:8001."
            )
        if champion is None:
            return _skipped("There is no champion to serve yet.")
        return _agreement(champion, _wait_for(champion, server.address, contract.name), server.address)

    return served


def ask(address: str, market: str, timeout_s: float = PATIENCE_S) -> Served:
    """The version of a market that a server uses for requests without a version."""
    with grpc.insecure_channel(address) as channel:
        try:
            told = OipClient(channel, timeout_s=timeout_s).model_metadata(market).properties
        except grpc.RpcError as error:
            return Served(problem=f"{error.code().name}: {error.details()}")
    return Served(version=int(told["version"]), sha256=told["sha256"])


def _wait_for(champion: Champion, address: str, market: str) -> Served:
    """What the server serves once that is the champion, or after PATIENCE_S."""
    end = time.monotonic() + PATIENCE_S
    while not _agree(champion, found := ask(address, market)) and time.monotonic() < end:
        time.sleep(PAUSE_S)
    return found


def _agree(champion: Champion, found: Served) -> bool:
    return (found.version, found.sha256) == (champion.version, champion.sha256)


def _agreement(champion: Champion, found: Served, address: str) -> dg.AssetCheckResult:
    said = f"serves version {found.version}" if not found.problem else f"did not answer: {found.problem}"
    return dg.AssetCheckResult(
        passed=_agree(champion, found),
        description=f"The server at {address} {said}; the champion is version {champion.version}.",
        metadata={
            "server": address,
            "served_version": found.version,
            "served_sha256": found.sha256,
            "champion_version": champion.version,
            "champion_sha256": champion.sha256,
        },
    )


def _skipped(why: str) -> dg.AssetCheckResult:
    """Nothing was asked, so there is nothing to fail."""
    return dg.AssetCheckResult(
        passed=True, severity=dg.AssetCheckSeverity.WARN, description=why, metadata={"skipped": True}
    )
