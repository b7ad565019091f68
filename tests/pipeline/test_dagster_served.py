"""The champion's check asks the running inference server which version it serves."""

from pathlib import Path

import dagster as dg
import pytest

from house_prices.cli.processes import free_port
from house_prices.orchestration import definitions
from house_prices.orchestration.checks import served
from house_prices.registry import Registry
from tests import commands, models, servers


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    commands.furnish(tmp_path)
    found = Registry(tmp_path / "storage" / "models")
    models.promote(found, models.publish(found))
    return found


def check(home: Path) -> dg.AssetCheckEvaluation:
    """Execute the check alone, as its button in the UI does."""
    wanted = dg.define_asset_job("some", dg.AssetSelection.checks(CHECK))
    job = dg.Definitions.merge(definitions.build(home), dg.Definitions(jobs=[wanted])).resolve_job_def("some")
    (found,) = job.execute_in_process().get_asset_check_evaluations()
    return found


CHECK = dg.AssetCheckKey(dg.AssetKey(["huts", "champion"]), "served")


def configure(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HOUSE_PRICES_ADDRESS", address)
    monkeypatch.setattr(served, "PATIENCE_S", 2.0)


def test_a_server_that_serves_the_champion_agrees(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servers.serving(registry.root) as server:
        configure(monkeypatch, server.address)
        found = check(tmp_path)
    assert found.passed
    assert found.description == f"The server at {server.address} serves version 1; the champion is version 1."


def test_a_server_that_follows_a_promotion_soon_agrees(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servers.serving(registry.root, poll_seconds=0.5) as server:
        configure(monkeypatch, server.address)
        server.says("model serves", version=1)
        models.promote(registry, models.publish(registry, base=1))
        found = check(tmp_path)
    assert (found.passed, found.metadata["served_version"].value) == (True, 2)


def test_a_server_that_serves_another_version_disagrees(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servers.serving(registry.root, poll_seconds=60) as server:
        configure(monkeypatch, server.address)
        server.says("model serves", version=1)
        models.promote(registry, models.publish(registry, base=1))
        found = check(tmp_path)
    assert not found.passed
    assert "serves version 1; the champion is version 2." in str(found.description)


def test_a_server_that_is_gone_disagrees(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, f"127.0.0.1:{free_port()}")
    found = check(tmp_path)
    assert not found.passed
    assert "did not answer: UNAVAILABLE" in str(found.description)


def test_without_a_configured_server_the_check_says_so(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOUSE_PRICES_ADDRESS", raising=False)
    found = check(tmp_path)
    assert (found.passed, found.metadata["skipped"].value) == (True, True)
    assert str(found.description).startswith("No server is configured.")


def test_a_market_without_a_champion_is_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands.furnish(tmp_path)
    configure(monkeypatch, "127.0.0.1:1")
    assert check(tmp_path).description == "There is no champion to serve yet."
