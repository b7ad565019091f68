"""What the first release left on a disk goes on: its registry, its audit log and its Dagster instance.

`first_release.tar.xz` is a project folder as that release made it: five versions of the cottages, of which 1
and then 3 were promoted, 4 was rejected by the gate and by a person, 5 was held for a person (now: needs
review), and 1 was kept on the servers (now: pinned).
"""

import json
import os
import tarfile
from pathlib import Path

import dagster as dg
import pytest

from house_prices.evaluation import bad_requests
from house_prices.registry import Outcome, Registry
from house_prices.registry.verify import verify
from inference_server.client import Client
from tests import servers
from tests.workshop import Workshop

ARCHIVE = Path(__file__).parents[1] / "fixtures" / "first_release.tar.xz"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def registry(home: Path) -> Registry:
    return Registry(home / "storage" / "models")


def test_it_verifies_and_its_decisions_are_read_in_todays_words(registry: Registry) -> None:
    assert verify(registry, "cottages") == []
    outcomes = {number: one.outcome for number, one in registry.decisions("cottages").items()}
    assert outcomes == {
        1: Outcome.PASS,
        2: Outcome.PASS,
        3: Outcome.PASS,
        4: Outcome.FAIL,
        5: Outcome.NEEDS_REVIEW,
    }
    assert registry.pinned("cottages") == (1,)


def test_contracts_in_its_manifests_mean_what_they_meant(registry: Registry) -> None:
    for number in registry.versions("cottages"):
        manifest = registry.version("cottages", number).manifest
        contract = manifest.contract
        written = json.loads((registry.root / f"cottages/{number}/manifest.json").read_bytes())
        assert contract.digest == written["contract_digest"]
        assert (contract.decimal, contract.empty, contract.cleaning.most_rejects) == (".", (), 0.2)


def test_a_person_promotes_what_was_held_and_rolls_back(registry: Registry) -> None:
    registry.require_decision("cottages", 5)
    held = registry.version("cottages", 5)
    registry.promote("cottages", 5, sha256=held.manifest.sha256, by="ann", reason="looked at")
    assert registry.rollback("cottages", by="ann", reason="complaints").version == 3
    assert verify(registry, "cottages") == []


def test_its_champion_serves(registry: Registry) -> None:
    house = bad_requests.sound_house(registry.resolve("cottages").manifest)
    with servers.serving(registry.root) as server, Client(server.address) as client:
        server.says("model serves")
        answer = client.predict("cottages", [house])
    published = registry.resolve("cottages").manifest.golden.prices[0]
    assert (answer.model_version, answer.prices[0].value) == ("3", pytest.approx(published, rel=1e-5))


def test_its_dagster_instance_promotes_nothing_by_itself(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        shop = Workshop(home=home, instance=instance)
        answer = shop.tick("promotion", (home / "sensor_cursor.txt").read_text())
        assert not answer.run_requests
        assert "beats_baseline has not been checked." in str(answer.skip_reason.skip_message)


def test_metrics_that_it_stored_ask_to_be_materialized_again(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        result = Workshop(home=home, instance=instance).check()
    assert not result.success
    (failed,) = (event for event in result.all_events if event.is_step_failure)
    assert "cottages/metrics was stored by another release" in str(failed.step_failure_data.error)


def test_it_trains_again_and_the_new_candidate_meets_its_champion(home: Path) -> None:
    os.utime(home / "data" / "cottages" / "raw" / "sales.csv")
    with dg.DagsterInstance.get() as instance:
        shop = Workshop(home=home, instance=instance)
        assert shop.train().success
        assert shop.registry.versions("cottages") == [1, 2, 3, 4, 5, 6]
        assert verify(shop.registry, "cottages") == []
        assert shop.registry.version("cottages", 6).report.is_file()
