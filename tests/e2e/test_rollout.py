"""The deployment from Dagster, in a real engine: new images, bad images, the same images."""

from pathlib import Path

import pytest

from tests.e2e import compose
from tests.e2e.asking import priced
from tests.e2e.compose import Deployment

pytestmark = [*compose.skipping(compose.why_not()), pytest.mark.usefixtures("champion")]


def test_new_sources_are_built_and_run_and_no_price_is_missed(deployment: Deployment) -> None:
    append(deployment, "inference_server/__init__.py", "# Another version.")
    with priced(deployment.gateway) as answers:
        assert deploy(deployment) == "SUCCESS"
    assert len(answers) > 1000
    outcome = deployment.webserver.materialized(["deployment"])
    assert outcome["built"]
    assert outcome["before"] == "test"
    assert outcome["house-prices-inference"].startswith("sha256:")
    assert deployment.tags() == {outcome["tag"]}
    assert f"TAG={outcome['tag']}" in (deployment.folder / ".env").read_text().splitlines()


def test_the_same_sources_leave_all_as_it_is(deployment: Deployment) -> None:
    running = containers(deployment)
    assert deploy(deployment) == "SUCCESS"
    assert not deployment.webserver.materialized(["deployment"])["built"]
    assert containers(deployment) == running


@pytest.mark.parametrize(
    ("broken", "with_what", "said"),
    [
        ("house_prices/orchestration/definitions.py", 'raise RuntimeError("on purpose")', "on purpose"),
        ("inference_server/models/loader.py", "Loader._read = None", "serves no model"),
    ],
    ids=["the code location does not start", "the server serves nothing"],
)
def test_what_does_not_become_healthy_is_taken_back(
    deployment: Deployment, broken: str, with_what: str, said: str
) -> None:
    before, env = deployment.tags(), (deployment.folder / ".env").read_text()
    whole = (deployment.folder / broken).read_text()
    append(deployment, broken, with_what)
    with priced(deployment.gateway) as answers:
        run_id = deployment.webserver.launch_job("deployment_job", location="deployment")
        assert deployment.webserver.wait_for_run(run_id, seconds=900) == "FAILURE"
    assert len(answers) > 1000
    assert said in deployment.webserver.failures(run_id)
    assert deployment.tags() == before
    assert (deployment.folder / ".env").read_text() == env
    (deployment.folder / broken).write_text(whole)


def deploy(deployment: Deployment) -> str:
    """How the deployment's job ends."""
    run_id = deployment.webserver.launch_job("deployment_job", location="deployment")
    return deployment.webserver.wait_for_run(run_id, seconds=900)


def append(deployment: Deployment, name: str, line: str) -> None:
    path: Path = deployment.folder / name
    path.write_text(f"{path.read_text()}\n{line}\n")


def containers(deployment: Deployment) -> dict[str, list[str]]:
    return {service: deployment.containers(service) for service in compose.SERVED}
