"""The production shape, in a real engine. The tests build on each other, in this order."""

import time
from pathlib import Path
from typing import Any

from inference_server.client import Client
from tests.e2e import compose
from tests.e2e.compose import Deployment, docker
from tests.e2e.stubs import SAMPLE_HOUSE
from tests.e2e.webserver import wait_for

pytestmark = compose.skipping(compose.why_not())
ROWS = "20000"


def test_the_images_are_labelled_and_run_as_nobody_in_particular(deployment: Deployment) -> None:
    for image in ("house-prices-inference:test", "house-prices-pipeline:test"):
        assert docker("inspect", "--format", "{{.Config.User}}", image) == "prices"
        assert "org.opencontainers.image.revision" in docker(
            "inspect", "--format", "{{.Config.Labels}}", image
        )


def test_the_inference_image_has_no_training_in_it(deployment: Deployment) -> None:
    script = (
        "import importlib.util as u; print([m for m in ('dagster', 'sklearn', 'pandas') if u.find_spec(m)])"
    )
    assert docker("run", "--rm", "house-prices-inference:test", "python", "-c", script) == "[]"


def test_the_ui_is_behind_a_password(deployment: Deployment) -> None:
    assert deployment.webserver.info()["dagster_webserver_version"]
    assert not compose.Webserver(deployment.webserver.url).info()


def test_before_a_champion_the_gateway_says_so(deployment: Deployment) -> None:
    assert deployment.price(SAMPLE_HOUSE)["status"] == 503


def test_a_training_runs_in_a_container_and_the_sensor_promotes(deployment: Deployment) -> None:
    deployment.run("house-prices", "data", "halfmil", "--rows", ROWS)
    run_id = deployment.webserver.launch_job("halfmil_training")
    assert deployment.container_of(run_id)
    assert deployment.webserver.wait_for_run(run_id, seconds=300) == "SUCCESS"
    assert promoted(deployment, 0) == 1


def test_the_price_comes_by_grpc_and_by_json(deployment: Deployment) -> None:
    answer = served(deployment, 1)
    with Client(deployment.gateway) as client:
        typed = client.predict("halfmil", [SAMPLE_HOUSE])
    assert answer["predictions"][0]["price"] == typed.prices[0].value
    assert 30_000 < typed.prices[0].value < 36_000


def test_a_killed_run_container_is_noticed_and_retried(deployment: Deployment) -> None:
    run_id = deployment.webserver.launch_job("halfmil_training")
    container = deployment.container_of(run_id)
    wait_for(lambda: started(deployment, run_id), seconds=60, otherwise="the run does not start")
    docker("kill", container)
    assert deployment.webserver.wait_for_run(run_id, seconds=120) == "FAILURE"
    retried(deployment, run_id)
    assert promoted(deployment, 1) == 2


def test_the_daemon_may_be_killed_during_a_run(deployment: Deployment) -> None:
    run_id = deployment.webserver.launch_job("halfmil_training")
    deployment.container_of(run_id)
    kill(deployment, "daemon")
    assert deployment.webserver.wait_for_run(run_id, seconds=300) == "SUCCESS"
    deployment.up()
    assert promoted(deployment, 2) == 3


def test_postgres_may_be_killed_during_a_run(deployment: Deployment) -> None:
    before = deployment.champion()
    assert before
    run_id = deployment.webserver.launch_job("halfmil_training")
    wait_for(lambda: started(deployment, run_id), seconds=120, otherwise="the run does not start")
    kill(deployment, "postgres")
    deployment.compose("up", "--detach", "postgres")
    assert deployment.webserver.runs("halfmil_training")  # the first request after the restart
    if deployment.webserver.wait_for_run(run_id, seconds=300) == "FAILURE":
        retried(deployment, run_id)
    assert promoted(deployment, before) == before + 1


def test_an_inference_server_may_be_killed_under_load(deployment: Deployment) -> None:
    kill(deployment, "inference")
    end, answers = time.monotonic() + 8, []
    with Client(deployment.gateway) as client:
        while time.monotonic() < end:
            answers.append(client.predict("halfmil", [SAMPLE_HOUSE]).prices[0].value)
    assert len(answers) > 100
    deployment.up()


def test_after_down_and_up_nothing_is_lost(deployment: Deployment) -> None:
    deployment.settle()
    before = state(deployment)
    deployment.compose("down")
    deployment.up()
    served(deployment, before["champion"])
    assert state(deployment) == before


def test_a_backup_brings_back_what_was_deleted(deployment: Deployment, tmp_path: Path) -> None:
    before = state(deployment)
    deployment.backup("save", tmp_path / "backup")
    deployment.run("sh", "-c", "rm -r storage/models/halfmil")
    deployment.sql("TRUNCATE runs CASCADE")
    assert deployment.champion() is None
    deployment.backup("restore", tmp_path / "backup")
    wait_for(deployment.webserver.info, seconds=120, otherwise="no webserver after the backup")
    assert state(deployment) == before
    served(deployment, before["champion"])


def state(deployment: Deployment) -> dict[str, Any]:
    """What must outlive the containers: runs, models with their champion, predictions."""
    script = "find /srv/predictions -name '*.jsonl' -size +0 | grep -c ."
    return {
        "runs": {run["runId"]: run["status"] for run in deployment.webserver.runs("halfmil_training")},
        "models": deployment.run("house-prices", "models", "list"),
        "verified": deployment.run("house-prices", "models", "verify"),
        "champion": deployment.champion(),
        "predictions": docker("exec", deployment.container("inference"), "sh", "-c", script) != "0",
    }


def kill(deployment: Deployment, service: str) -> None:
    """As the kernel does when memory runs out; the engine may start it again."""
    docker("kill", deployment.container(service))


def promoted(deployment: Deployment, before: int) -> int:
    """The champion after a version."""

    def newer() -> int | None:
        found = deployment.champion()
        return found if found and found > before else None

    return wait_for(newer, seconds=120, otherwise=f"no champion after version {before}")


def served(deployment: Deployment, version: int) -> dict[str, Any]:
    """The first price by a version."""

    def answered() -> dict[str, Any] | None:
        answer = deployment.price(SAMPLE_HOUSE)
        return answer if answer.get("model_version") == str(version) else None

    return wait_for(answered, seconds=60, otherwise=f"version {version} does not serve")


def started(deployment: Deployment, run_id: str) -> bool:
    """Whether a run is in its steps."""
    statuses = {run["runId"]: run["status"] for run in deployment.webserver.runs("halfmil_training")}
    return statuses[run_id] == "STARTED"


def retried(deployment: Deployment, run_id: str) -> None:
    """Wait for the run that takes the place of one that failed, and for its success."""

    def retry() -> str | None:
        runs = deployment.webserver.runs("halfmil_training")
        return next(
            (run["runId"] for run in runs if run["tags"].get("dagster/parent_run_id") == run_id), None
        )

    again = wait_for(retry, seconds=120, otherwise="the run is not retried")
    assert deployment.webserver.wait_for_run(again, seconds=300) == "SUCCESS"
