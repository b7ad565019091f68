"""What a person decides in the UI: promotion, rejection and rollback, launched on a real instance."""

import dagster as dg
import pytest

from house_prices.registry.verify import verify
from tests import cottages
from tests.workshop import METRICS, Workshop


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


def test_a_person_promotes_a_version_in_the_ui_by_its_number(trained: Workshop) -> None:
    assert trained.decide(version=1, reason="looked at").success
    last = trained.registry.history("cottages")[-1]
    assert served(trained) == 1
    assert (last["event"], last["by"], last["reason"]) == ("promotion", "a run started by hand", "looked at")


def test_rules_with_nothing_to_compare_warn_and_do_not_stand_in_the_way(trained: Workshop) -> None:
    check = dg.AssetCheckKey(METRICS, "against_champion")
    record = trained.instance.get_latest_asset_check_evaluation_record(check)
    assert record is not None
    assert record.event is not None
    said = record.event.asset_check_evaluation
    assert said is not None
    assert (said.passed, said.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert said.description == "Not applied: there is no champion to compare with."
    assert trained.tick("promotion").run_requests


def test_the_sensor_does_not_promote_what_a_person_rejected_in_the_ui(trained: Workshop) -> None:
    assert trained.decide(version=1, reason="odd prices", decision="reject").success
    answer = trained.tick("promotion")
    assert not answer.run_requests
    assert str(answer.skip_reason.skip_message) == (
        "Version 1 is rejected. It was rejected by a run started by hand: odd prices."
    )


def test_checks_that_pass_again_do_not_bring_a_rejected_version_back(trained: Workshop) -> None:
    trained.registry.reject("cottages", 1, by="ann", reason="odd prices")
    decided = trained.tick("promotion")
    trained.check()
    again = trained.tick("promotion", decided.cursor)
    assert not again.run_requests
    assert "rejected by ann: odd prices" in str(again.skip_reason.skip_message)


def test_a_promotion_on_its_way_is_refused_when_a_person_rejects_meanwhile(trained: Workshop) -> None:
    (request,) = trained.tick("promotion").run_requests or []
    trained.registry.reject("cottages", 1, by="ann", reason="odd prices")
    assert "cottages version 1 was rejected by ann: odd prices" in failure(trained.promote(request))
    assert served(trained) is None


def test_force_overrules_a_rejection(trained: Workshop) -> None:
    trained.registry.reject("cottages", 1, by="ann", reason="odd prices")
    assert trained.decide(version=1, reason="they are right", force=True).success
    assert (served(trained), trained.registry.rejection("cottages", 1)) == (1, None)


def test_the_champion_is_not_rejected(trained: Workshop) -> None:
    trained.decide(version=1, reason="looked at")
    refused = trained.decide(version=1, reason="odd prices", decision="reject")
    assert "cottages version 1 is the champion. Roll back, or promote another, first." in failure(refused)


def test_a_rollback_from_the_ui_is_audited_and_told_to_dagster(trained: Workshop) -> None:
    trained.decide(version=1, reason="first")
    publish_better_one(trained)
    trained.decide(version=2, reason="second")
    assert rollback(trained, reason="complaints").success
    last = trained.registry.history("cottages")[-1]
    assert (last["event"], last["version"], last["reason"]) == ("rollback", 1, "complaints")
    told = trained.instance.get_latest_materialization_event(dg.AssetKey(["cottages", "champion"]))
    assert told.asset_materialization.metadata["version"].value == served(trained) == 1
    assert verify(trained.registry, "cottages") == []


def test_a_rollback_without_an_earlier_champion_changes_nothing(trained: Workshop) -> None:
    trained.decide(version=1, reason="first")
    assert "cottages has no earlier champion to roll back to." in failure(
        rollback(trained, reason="complaints")
    )
    assert served(trained) == 1


def test_a_rollback_asks_for_a_reason(trained: Workshop) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError, match='Missing required config entry "reason"'):
        rollback(trained)
    assert "at least 1 character" in failure(rollback(trained, reason=""))


@pytest.mark.parametrize(("outcome", "is_promoted"), [("needs_review", True), ("fail", False)])
def test_a_person_decides_on_what_needs_review_and_only_forces_what_the_gate_rejected(
    trained: Workshop, outcome: str, is_promoted: bool
) -> None:
    facts = {"version": 1, "passed": False, "outcome": outcome, "reasons": ["too few sales"], "metrics": {}}
    trained.registry.record_decision("cottages", facts)
    assert trained.decide(version=1, reason="looked at").success is is_promoted
    assert trained.decide(version=1, reason="looked at again", force=True).success


def test_a_version_that_the_gate_rejected_is_refused_in_its_words(trained: Workshop) -> None:
    facts = {"version": 1, "passed": False, "outcome": "fail", "reasons": ["too few sales"], "metrics": {}}
    trained.registry.record_decision("cottages", facts)
    assert "cottages version 1: rejected: too few sales" in failure(trained.decide(version=1, reason="a try"))
