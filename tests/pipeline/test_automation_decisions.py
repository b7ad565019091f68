"""What a person decides in the UI: promotion, rejection and rollback, launched on a real instance."""

from pathlib import Path

import dagster as dg
import pytest

from house_prices.registry.verify import verify
from tests import cottages
from tests.workshop import Workshop


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """A market with a judged version 1, on an instance that keeps its records on the disk."""
    cottages.write(tmp_path)
    kept = tmp_path / "storage" / "dagster"
    kept.mkdir(parents=True)
    found = Workshop(home=tmp_path, instance=dg.DagsterInstance.local_temp(str(kept)))
    assert found.train().success
    return found


def publish_better_one(shop: Workshop) -> None:
    cottages.write_sales(shop.sales, [*cottages.law(), *cottages.law(seed=9)])
    assert shop.train().success


def rollback(shop: Workshop, **config: object) -> dg.ExecuteInProcessResult:
    return shop.launch("rollback", {"ops": {"roll_back_cottages": {"config": config}}})


def failure(result: dg.ExecuteInProcessResult) -> str:
    """Why a run's one step failed."""
    assert not result.success
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    (failed,) = (event for event in result.all_events if event.is_step_failure)
    return str(failed.step_failure_data.error)


def served(shop: Workshop) -> int | None:
    champion = shop.registry.champion("cottages")
    return champion and champion.version


def test_a_person_promotes_a_version_in_the_ui_by_its_number(shop: Workshop) -> None:
    assert shop.decide(version=1, reason="looked at").success
    last = shop.registry.history("cottages")[-1]
    assert served(shop) == 1
    assert (last["event"], last["by"], last["reason"]) == ("promotion", "a run started by hand", "looked at")


def test_the_sensor_does_not_promote_what_a_person_rejected_in_the_ui(shop: Workshop) -> None:
    assert shop.decide(version=1, reason="odd prices", decision="reject").success
    answer = shop.tick("promotion")
    assert not answer.run_requests
    assert str(answer.skip_reason.skip_message) == (
        "Version 1 is rejected. It was rejected by a run started by hand: odd prices."
    )


def test_checks_that_pass_again_do_not_bring_a_rejected_version_back(shop: Workshop) -> None:
    shop.registry.reject("cottages", 1, by="ann", reason="odd prices")
    decided = shop.tick("promotion")
    shop.check()
    again = shop.tick("promotion", decided.cursor)
    assert not again.run_requests
    assert "rejected by ann: odd prices" in str(again.skip_reason.skip_message)


def test_a_promotion_on_its_way_is_refused_when_a_person_rejects_meanwhile(shop: Workshop) -> None:
    (request,) = shop.tick("promotion").run_requests or []
    shop.registry.reject("cottages", 1, by="ann", reason="odd prices")
    assert "cottages version 1 was rejected by ann: odd prices" in failure(shop.promote(request))
    assert served(shop) is None


def test_force_overrules_a_rejection(shop: Workshop) -> None:
    shop.registry.reject("cottages", 1, by="ann", reason="odd prices")
    assert shop.decide(version=1, reason="they are right", force=True).success
    assert (served(shop), shop.registry.rejection("cottages", 1)) == (1, None)


def test_the_champion_is_not_rejected(shop: Workshop) -> None:
    shop.decide(version=1, reason="looked at")
    refused = shop.decide(version=1, reason="odd prices", decision="reject")
    assert "cottages version 1 is the champion. Roll back, or promote another, first." in failure(refused)


def test_a_rollback_from_the_ui_is_audited_and_told_to_dagster(shop: Workshop) -> None:
    shop.decide(version=1, reason="first")
    publish_better_one(shop)
    shop.decide(version=2, reason="second")
    assert rollback(shop, reason="complaints").success
    last = shop.registry.history("cottages")[-1]
    assert (last["event"], last["version"], last["reason"]) == ("rollback", 1, "complaints")
    told = shop.instance.get_latest_materialization_event(dg.AssetKey(["cottages", "champion"]))
    assert told.asset_materialization.metadata["version"].value == served(shop) == 1
    assert verify(shop.registry, "cottages") == []


def test_a_rollback_without_an_earlier_champion_changes_nothing(shop: Workshop) -> None:
    shop.decide(version=1, reason="first")
    assert "cottages has no earlier champion to roll back to." in failure(rollback(shop, reason="complaints"))
    assert served(shop) == 1


def test_a_rollback_asks_for_a_reason(shop: Workshop) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError, match='Missing required config entry "reason"'):
        rollback(shop)
    assert "at least 1 character" in failure(rollback(shop, reason=""))


@pytest.mark.parametrize(("outcome", "is_promoted"), [("needs_review", True), ("fail", False)])
def test_a_person_decides_on_what_needs_review_and_only_forces_what_the_gate_rejected(
    shop: Workshop, outcome: str, is_promoted: bool
) -> None:
    facts = {"version": 1, "passed": False, "outcome": outcome, "reasons": ["too few sales"], "metrics": {}}
    shop.registry.record_decision("cottages", facts)
    assert shop.decide(version=1, reason="looked at").success is is_promoted
    assert shop.decide(version=1, reason="looked at again", force=True).success


def test_a_version_that_the_gate_rejected_is_refused_in_its_words(shop: Workshop) -> None:
    facts = {"version": 1, "passed": False, "outcome": "fail", "reasons": ["too few sales"], "metrics": {}}
    shop.registry.record_decision("cottages", facts)
    assert "cottages version 1: rejected: too few sales" in failure(shop.decide(version=1, reason="a try"))
