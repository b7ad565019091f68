"""deploy/stack.yml as a Swarm of one machine, with the models of docker-compose.yml."""

from collections.abc import Iterator

import pytest

from house_prices.cli.processes import free_port
from tests.e2e import compose
from tests.e2e.asking import price, priced
from tests.e2e.compose import NAME, Deployment, docker
from tests.e2e.webserver import wait_for

pytestmark = compose.skipping(compose.why_not())
STACK = f"{NAME}-stack"
INFERENCE = f"{STACK}_inference"


@pytest.fixture(scope="module")
def front_door(champion: int, deployment: Deployment) -> Iterator[str]:
    """The address of the stack's Envoy."""
    port = free_port()
    command = (
        "house-prices",
        "gateway",
        "config",
        "--listen",
        "0.0.0.0:8080",
        "--server",
        "inference:8001",
        "--reflection",
    )
    (deployment.folder / "deploy" / "stack-envoy.yaml").write_text(deployment.run(*command))
    variables = {"TAG": "test", "MODELS_VOLUME": f"{NAME}-models", "GATEWAY_PORT": str(port)}
    docker("swarm", "init", "--advertise-addr", "127.0.0.1")
    try:
        deploy = ("stack", "deploy", "--resolve-image", "never", "--compose-file", "deploy/stack.yml", STACK)
        docker(*deploy, cwd=deployment.folder, **variables)
        address = f"127.0.0.1:{port}"
        wait_for(lambda: price(address), seconds=120, otherwise="the stack gives no price")
        yield address
    finally:
        docker("stack", "rm", STACK)
        docker("swarm", "leave", "--force")


def test_the_stack_gives_the_price_of_the_champion(front_door: str, deployment: Deployment) -> None:
    assert price(front_door) == price(deployment.gateway)


def test_servers_are_replaced_one_by_one_and_no_price_is_missed(front_door: str) -> None:
    before = tasks()
    with priced(front_door) as answers:
        docker("service", "update", "--quiet", "--force", INFERENCE)
        assert not tasks() & before
    assert len(answers) > 1000


def test_a_killed_server_is_replaced_and_the_others_answer(front_door: str) -> None:
    before = tasks()
    with priced(front_door) as answers:
        docker("kill", docker("ps", "--quiet", "--filter", f"name={INFERENCE}").split()[0])
        wait_for(lambda: len(tasks()) == 2 and tasks() != before, seconds=60, otherwise="not replaced")
    assert answers


def test_an_image_that_does_not_start_is_taken_back(front_door: str) -> None:
    broken = ("--no-healthcheck", "--args", "python -c 'raise SystemExit(1)'")
    with priced(front_door) as answers:
        docker("service", "update", "--quiet", *broken, INFERENCE)
        state = docker("service", "inspect", "--format", "{{.UpdateStatus.State}}", INFERENCE)
    assert state == "rollback_completed"
    assert answers


def tasks() -> set[str]:
    """Ids of the inference servers that run."""
    listed = docker(
        "service",
        "ps",
        "--filter",
        "desired-state=running",
        "--format",
        "{{.ID}} {{.CurrentState}}",
        INFERENCE,
    )
    return {line.split()[0] for line in listed.splitlines() if " Running " in line}
