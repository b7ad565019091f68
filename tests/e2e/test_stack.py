"""From a click in Dagster's UI to a price over gRPC, between real processes."""

from collections.abc import Iterator

import pytest

from house_prices import gate
from house_prices.sales import halfmil
from tests import cottages
from tests.e2e.asking import asking
from tests.e2e.stack import Stack
from tests.e2e.stubs import SAMPLE_HOUSE, Stubs
from tests.e2e.webserver import wait_for

FLOW = ("raw_sales", "clean_sales", "splits", "fitted_pipeline", "candidate_model", "metrics")
RULES = tuple(gate.RULES)
NOT_APPLIED = (
    "by_month", "against_champion", "slices", "interval_width", "reference_date", "api_compatibility",
)  # fmt: skip
"""Rules with nothing to compare: HalfMil's sales have no dates, and there is no champion yet."""


@pytest.fixture(scope="session")
def champion(running: Stack) -> int:
    """The first champion of HalfMil: a person asks for its training, the sensor promotes it."""
    running.webserver.launch_job("halfmil_training")
    found = wait_for(lambda: running.registry.champion("halfmil"), seconds=150, otherwise="no first champion")
    return found.version


@pytest.fixture(scope="session")
def stubs(running: Stack, champion: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stubs]:
    """A client made by grpcio-tools from the market's .proto, connected once the first champion serves."""
    with Stubs(running, tmp_path_factory.mktemp("stubs")) as made:
        wait_for(made.ready, seconds=30, otherwise=f"champion {champion} is not served")
        yield made


def test_the_webserver_tells_its_versions(running: Stack) -> None:
    assert running.webserver.info()["dagster_version"].startswith("1.13.")


def test_a_first_training_leads_to_a_champion(running: Stack, champion: int) -> None:
    assert champion == 1
    assert promoted_by_the_sensor(running, champion)


def test_every_rule_of_the_gate_was_checked(running: Stack, champion: int) -> None:
    checks = {rule: running.webserver.check(["halfmil", "metrics"], rule) for rule in RULES}
    warned = {
        rule: check["evaluation"]["severity"]
        for rule, check in checks.items()
        if check["status"] != "SUCCEEDED"
    }
    assert warned == dict.fromkeys(NOT_APPLIED, "WARN")
    assert checks["floors"]["evaluation"]["description"] == "On the holdout: r2 1 (at least 0.7)."


def test_the_sample_house_has_the_price_of_the_law(stubs: Stubs) -> None:
    assert stubs.price(SAMPLE_HOUSE) == pytest.approx(32_950, rel=1e-5)


def test_materializing_in_the_ui_leads_to_a_new_champion_and_no_request_fails(
    running: Stack, stubs: Stubs, champion: int
) -> None:
    with asking(stubs.version) as answers:
        run_id = running.webserver.materialize(*(["halfmil", name] for name in FLOW))
        assert running.webserver.wait_for_run(run_id) == "SUCCESS"
        version = newer_than(running, champion)
        served_within_5_s(stubs, version)
    assert {type(answer) for answer in answers} == {str}, answers
    assert {str(champion), str(version)} <= set(answers)
    assert promoted_by_the_sensor(running, version)


def test_a_changed_raw_file_leads_to_a_new_champion(running: Stack, stubs: Stubs, champion: int) -> None:
    before = running.registry.champion("halfmil")
    assert before is not None
    halfmil.write(running.home / "data/halfmil/raw" / halfmil.FILE_NAME, 4_000, seed=2)
    version = newer_than(running, before.version)
    served_within_5_s(stubs, version)
    newest = running.webserver.runs("halfmil_training")[0]
    assert newest["tags"]["dagster/sensor_name"] == "halfmil_source_sensor"
    assert running.registry.version("halfmil", version).manifest.data["read"] == 4_000


def test_a_message_trains_and_the_same_message_does_not_train_again(running: Stack, champion: int) -> None:
    def told() -> list[str]:
        tags = [run["tags"] for run in running.webserver.runs("halfmil_training")]
        return [tag["dagster/run_key"] for tag in tags if "message-" in tag.get("dagster/run_key", "")]

    running.webserver.report("halfmil/source", "sales.csv@1")
    wait_for(told, seconds=60, otherwise="no training for the message")
    running.webserver.report("halfmil/source", "sales.csv@1")
    running.webserver.report("halfmil/source", "sales.csv@2")
    wait_for(lambda: len(told()) > 1, seconds=60, otherwise="no training for the second version")
    assert told() == ["message-sales.csv@2", "message-sales.csv@1"]


def test_a_candidate_that_fails_the_gate_is_not_promoted_and_the_tick_says_why(running: Stack) -> None:
    running.webserver.launch_job("cottages_training")

    def reason() -> str | None:
        told = [str(tick["skipReason"]) for tick in running.webserver.ticks("cottages_promotion_sensor")]
        return next((why for why in told if "rejected" in why), None)

    why = wait_for(reason, seconds=300, otherwise="no tick of the sensor rejects the candidate")
    assert why.startswith("Version 1 is rejected. floors: On the holdout: r2 1 (at least 1.1).")
    assert running.registry.champion(cottages.NAME) is None
    assert running.webserver.check([cottages.NAME, "metrics"], "floors")["status"] == "FAILED"


def newer_than(running: Stack, version: int) -> int:
    """The next champion's version, as soon as champion.json names it."""

    def newer() -> int | None:
        found = running.registry.champion("halfmil")
        return found.version if found and found.version > version else None

    return wait_for(newer, seconds=120, otherwise=f"no champion after version {version}")


def served_within_5_s(stubs: Stubs, version: int) -> None:
    wait_for(lambda: stubs.version() == str(version), seconds=5, otherwise=f"version {version} is not served")


def promoted_by_the_sensor(running: Stack, version: int) -> bool:
    """Whether the run that promoted a version was asked for by a tick of the sensor."""
    asked_for = {
        run for tick in running.webserver.ticks("halfmil_promotion_sensor") for run in tick["runIds"]
    }
    promotions = running.webserver.runs("halfmil_promotion")
    return any(run["tags"]["version"] == str(version) and run["runId"] in asked_for for run in promotions)
