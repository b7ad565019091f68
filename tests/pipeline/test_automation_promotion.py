"""When a candidate is promoted: every case comes about as it does in use."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import pytest

from house_prices import gate
from house_prices.orchestration import audit_heads, plots
from house_prices.registry.verify import verify
from tests import cottages
from tests.workshop import METRICS, Workshop


def skipped(answer: dg.SensorResult) -> str:
    """Why a tick asked for no promotion."""
    assert not answer.run_requests
    assert answer.skip_reason
    return str(answer.skip_reason.skip_message)


def requested(answer: dg.SensorResult) -> dg.RunRequest:
    """The one promotion that a tick asked for."""
    (request,) = answer.run_requests or []
    return request


def promote_newest(shop: Workshop) -> None:
    assert shop.promote(requested(shop.tick("promotion"))).success


def promote_one(shop: Workshop) -> None:
    assert shop.train().success
    promote_newest(shop)


def test_nothing_happens_before_a_candidate_was_evaluated(shop: Workshop) -> None:
    answer = shop.tick("promotion")
    assert skipped(answer) == "No candidate has been evaluated yet."
    assert answer.cursor is None


def test_a_candidate_that_every_rule_passed_is_promoted_as_it_was_judged(trained: Workshop) -> None:
    request = requested(trained.tick("promotion"))
    judged = request.run_config["ops"]["promote_cottages"]["config"]
    sha256 = trained.registry.version("cottages", 1).manifest.sha256
    assert (judged["version"], judged["sha256"], judged["decision"]) == (1, sha256, "promote")
    assert (judged["reason"], judged["force"]) == ("passed every rule of the gate", False)


def test_a_promotion_makes_the_champion_and_materializes_it(trained: Workshop) -> None:
    promote_newest(trained)
    champion = trained.registry.champion("cottages")
    assert champion is not None
    assert (champion.version, champion.previous) == (1, None)
    told = trained.instance.get_latest_materialization_event(dg.AssetKey(["cottages", "champion"]))
    assert told is not None
    assert told.asset_materialization is not None
    assert told.asset_materialization.metadata["version"].value == 1


def test_a_candidate_without_checks_waits_and_the_cursor_stays(materialized: Workshop) -> None:
    answer = materialized.tick("promotion")
    waits = " ".join(f"{rule} has not been checked." for rule in gate.RULES)
    assert skipped(answer) == f"Version 1: {waits}"
    assert answer.cursor is None


def test_a_candidate_whose_checks_are_executed_later_is_promoted_then(materialized: Workshop) -> None:
    waiting = materialized.tick("promotion")
    materialized.check()
    request = requested(materialized.tick("promotion", waiting.cursor))
    assert request.tags["version"] == "1"


def test_a_candidate_waits_while_the_run_of_its_checks_goes_on(materialized: Workshop) -> None:
    materialized.instance.create_run_for_job(materialized.job(dg.AssetSelection.checks_for_assets(METRICS)))
    answer = materialized.tick("promotion")
    assert skipped(answer).startswith("Version 1: parity is being checked. floors is being checked.")
    assert answer.cursor is None


def test_a_run_that_was_cancelled_before_its_checks_rejects_the_candidate(materialized: Workshop) -> None:
    run = materialized.instance.create_run_for_job(
        materialized.job(dg.AssetSelection.checks_for_assets(METRICS))
    )
    materialized.instance.report_run_canceled(run)
    answer = materialized.tick("promotion")
    assert f"Version 1 is rejected. parity: the check gave no result; see run {run.run_id}" in skipped(answer)
    assert answer.cursor is not None


def test_a_check_that_crashes_in_the_training_run_rejects_the_candidate(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with crashing_checks(monkeypatch):
        assert not shop.train().success
    answer = shop.tick("promotion")
    assert "Version 1 is rejected. parity: the check gave no result" in skipped(answer)
    assert skipped(shop.tick("promotion", answer.cursor)) == "Version 1 has been decided on."


def test_a_crashed_check_that_is_executed_again_has_the_candidate_decided_on_again(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with crashing_checks(monkeypatch):
        shop.train()
    rejected = shop.tick("promotion")
    shop.check()
    assert requested(shop.tick("promotion", rejected.cursor)).tags["version"] == "1"


def test_a_check_whose_evaluation_was_damaged_rejects_the_candidate(materialized: Workshop) -> None:
    (materialized.home / "storage/assets/cottages/metrics.pickle").write_bytes(b"no pickle")
    assert not materialized.check().success
    assert "parity: the check gave no result" in skipped(materialized.tick("promotion"))


def test_a_result_on_an_older_candidate_is_none_on_the_newest(trained: Workshop) -> None:
    promote_newest(trained)
    trained.materialize()
    answer = trained.tick("promotion")
    assert skipped(answer).startswith("Version 2: parity has not been checked for this candidate.")
    assert answer.cursor is None


def test_a_crash_over_an_older_candidate_is_none_over_the_newest(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with crashing_checks(monkeypatch):
        shop.train()
    shop.materialize()
    assert skipped(shop.tick("promotion")).startswith(
        "Version 2: parity has not been checked for this candidate."
    )


def test_a_result_on_what_another_training_wrote_meanwhile_is_not_taken(shop: Workshop) -> None:
    evaluation = shop.home / "storage/assets/cottages/metrics.pickle"
    shop.materialize()
    theirs = evaluation.read_bytes()
    cottages.write_sales(shop.sales, cottages.law(worth=2000))
    shop.materialize()
    evaluation.write_bytes(theirs)
    shop.check()
    assert skipped(shop.tick("promotion")).startswith("Version 2: parity is about another version;")


@pytest.mark.parametrize(
    ("was", "becomes", "why"),
    [
        ("floors = { r2 = 0.5 }", "parity = 1e-9", "served_prices: The server's prices differ by at most"),
        ("r2 = 0.5", "r2 = 1.1", "floors: On the holdout: r2 1 (at least 1.1)."),
    ],
)
def test_a_candidate_that_breaks_a_rule_of_its_contract_is_rejected(
    shop: Workshop, was: str, becomes: str, why: str
) -> None:
    cottages.write(shop.home, contract=cottages.CONTRACT.replace(was, becomes))
    shop.train()
    answer = shop.tick("promotion")
    assert skipped(answer).startswith(f"Version 1 is rejected. {why}")
    assert skipped(shop.tick("promotion", answer.cursor)) == "Version 1 has been decided on."


def test_a_candidate_that_knows_no_more_than_the_median_is_rejected(shop: Workshop) -> None:
    prices = cottages.law(seed=5)
    sales = [(*house, price) for (*house, _), (*_, price) in zip(cottages.law(), prices, strict=True)]
    no_floors = cottages.CONTRACT.replace("floors = { r2 = 0.5 }", "")
    cottages.write(shop.home, contract=no_floors, sales=sales)
    shop.train()
    said = skipped(shop.tick("promotion"))
    assert re.search(r"rejected\. beats_baseline: RMSLE 0\.\d+; answering the median price", said)


def test_a_candidate_that_is_worse_than_the_champion_is_rejected(shop: Workshop) -> None:
    cottages.write_sales(shop.sales, cottages.law(noise=0.02))
    promote_one(shop)
    coarse = "[training.candidates.extra_trees]\nn_estimators = [5]\nmin_samples_leaf = [20]"
    worse = cottages.CONTRACT.replace("[training.candidates.linear]", coarse)
    cottages.write(shop.home, contract=worse, sales=cottages.law(noise=0.02))
    shop.train()
    said = skipped(shop.tick("promotion"))
    assert said.startswith("Version 2 is rejected.")
    assert "against_champion: Inferior. RMSLE differs by +" in said


def test_a_candidate_as_good_as_the_champion_on_the_same_sales_needs_review(shop: Workshop) -> None:
    cottages.write_sales(shop.sales, cottages.law(noise=0.1))
    promote_one(shop)
    other = cottages.CONTRACT.replace("[training.candidates.linear]", "[training.candidates.ridge]")
    cottages.write(shop.home, contract=other, sales=cottages.law(noise=0.1))
    shop.train()
    answer = shop.tick("promotion")
    assert skipped(answer).startswith(
        "Version 2 needs review: a person promotes or rejects it. against_champion:"
    )
    assert skipped(shop.tick("promotion", answer.cursor)) == "Version 2 has been decided on."


def test_the_card_of_a_candidate_shows_it_beside_the_champion(trained: Workshop) -> None:
    promote_newest(trained)
    trained.train()
    told = trained.instance.get_latest_materialization_event(dg.AssetKey(["cottages", "model_card"]))
    assert told is not None
    assert told.asset_materialization is not None
    shown = told.asset_materialization.metadata["beside_the_champion"].value
    assert "|  | version 1 | version 2 | change |" in str(shown)
    assert re.search(r"\| rmsle \| .* \| the same \|", str(shown))
    card = told.asset_materialization.metadata["card"].value
    assert card == "http://localhost:8080/v1/cottages:card?version=2"


def test_a_candidate_that_learnt_from_more_sales_and_is_as_good_is_promoted(trained: Workshop) -> None:
    promote_newest(trained)
    cottages.write_sales(trained.sales, [*cottages.law(), *cottages.law(seed=9)])
    trained.train()
    assert requested(trained.tick("promotion")).tags["version"] == "2"


def test_the_same_evidence_asks_for_the_same_run_so_that_the_daemon_starts_it_once(trained: Workshop) -> None:
    first = trained.tick("promotion")
    cursor_lost = trained.tick("promotion")
    assert requested(first).run_key == requested(cursor_lost).run_key
    assert skipped(trained.tick("promotion", first.cursor)) == "Version 1 has been decided on."


def test_a_newer_candidate_is_decided_on_under_another_key(trained: Workshop) -> None:
    first = trained.tick("promotion")
    trained.train()
    second = requested(trained.tick("promotion", first.cursor))
    assert second.tags["version"] == "2"
    assert second.run_key != requested(first).run_key


def test_a_model_file_cut_short_after_it_was_judged_is_rejected(trained: Workshop) -> None:
    os.truncate(trained.registry.version("cottages", 1).model, 100)
    said = skipped(trained.tick("promotion"))
    assert said.startswith("Version 1 is rejected. ")
    assert "model.onnx: sha256 is" in said


def test_files_swapped_for_another_version_after_they_were_judged_are_rejected(trained: Workshop) -> None:
    cottages.write_sales(trained.sales, cottages.law(worth=2000))
    trained.train()
    models = trained.home / "storage/models/cottages"
    for name in ("model.onnx", "manifest.json"):
        (models / "2" / name).write_bytes((models / "1" / name).read_bytes())
    said = skipped(trained.tick("promotion"))
    assert said.startswith("Version 2 is rejected. ")
    assert "the audit log says" in said


def test_a_promotion_refuses_a_file_changed_since_the_tick_and_is_not_retried(trained: Workshop) -> None:
    request = requested(trained.tick("promotion"))
    os.truncate(trained.registry.version("cottages", 1).model, 100)
    result = trained.promote(request)
    assert not result.success
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    assert trained.registry.champion("cottages") is None


def test_a_promotion_that_runs_twice_is_one_promotion(trained: Workshop) -> None:
    request = requested(trained.tick("promotion"))
    assert trained.promote(request).success
    assert trained.promote(request).success
    events = [entry["event"] for entry in trained.registry.history("cottages")]
    assert [event for event in events if event != "attachment"] == [
        "publication",
        "gate_decision",
        "promotion",
    ]
    told = trained.instance.fetch_materializations(dg.AssetKey(["cottages", "champion"]), limit=9).records
    assert len(told) == 1


SENSOR = {"dagster/sensor_name": "cottages_promotion_sensor"}


def test_the_sensors_tag_promotes_nothing_that_the_sensor_would_not(trained: Workshop) -> None:
    """Such a run may be launched by anybody who reaches the UI."""
    request = requested(trained.tick("promotion"))
    trained.materialize()  # a newer candidate, which is not checked yet
    result = trained.launch("promotion", request.run_config, SENSOR)
    assert "is not the candidate that was evaluated last, which is 2" in failure(result)
    config = request.run_config["ops"]["promote_cottages"]["config"]
    newest = trained.registry.version("cottages", 2).manifest.sha256
    forged = {"ops": {"promote_cottages": {"config": {**config, "version": 2, "sha256": newest}}}}
    assert "has not been checked for this candidate" in failure(trained.launch("promotion", forged, SENSOR))
    assert trained.registry.champion("cottages") is None


def test_a_promotion_launched_again_weeks_later_is_refused(trained: Workshop) -> None:
    request = requested(trained.tick("promotion"))
    assert trained.launch("promotion", request.run_config, SENSOR).success
    cottages.write_sales(trained.sales, [*cottages.law(), *cottages.law(seed=9)])
    trained.train()
    promote_newest(trained)
    for tags in (SENSOR, {}):
        again = trained.launch("promotion", request.run_config, tags)
        assert re.search("not the candidate that|serves now: train and judge again", failure(again))
    champion = trained.registry.champion("cottages")
    assert champion
    assert champion.version == 2


def test_a_log_that_lacks_what_dagster_knows_promotes_nothing(trained: Workshop) -> None:
    request = requested(trained.tick("promotion"))
    log = trained.home / "storage/models/cottages/audit.jsonl"
    trained.registry.reject("cottages", 1, by="ann", reason="odd prices")
    assert "was rejected by ann" in skipped(trained.tick("promotion"))  # which keeps the log's head
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    assert "audit.jsonl lacks the line" in skipped(trained.tick("promotion"))
    assert "lacks the line" in failure(trained.promote(request))
    faults = verify(trained.registry, "cottages", audit_heads.kept(trained.instance, "cottages"))
    assert len(faults) == 1
    trained.registry.accept("cottages", faults, by="bob", reason="the disk was restored")
    assert requested(trained.tick("promotion")).tags["version"] == "1"


def failure(result: dg.ExecuteInProcessResult) -> str:
    """What the failed step said."""
    assert not result.success
    return " ".join(
        str(event.step_failure_data.error) for event in result.all_events if event.is_step_failure
    )


@contextmanager
def crashing_checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fault that only the gate's checks meet: their plots cannot be drawn."""

    def crash(*_: object) -> bytes:
        raise RuntimeError("no plot")

    with monkeypatch.context() as patched:
        patched.setattr(plots, "of_rule", crash)
        yield


def test_a_decision_that_cannot_be_audited_is_no_candidate(shop: Workshop) -> None:
    (shop.home / "storage/models/cottages/.lock").mkdir(parents=True)
    assert not shop.train().success
    assert skipped(shop.tick("promotion")) == "No candidate has been evaluated yet."
