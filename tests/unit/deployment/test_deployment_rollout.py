import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from house_prices.deployment import rollout, sources
from house_prices.deployment.rollout import Deployed
from house_prices.errors import DeploymentError
from tests.fake_docker import FakeDocker

Deploy = Callable[[Callable[[str], None]], Deployed]


@pytest.fixture
def engine() -> FakeDocker:
    """An engine in which every service runs at the tag `before`."""
    return FakeDocker()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources, and an .env of the tag `before`."""
    monkeypatch.setattr(rollout, "FOUND_WITHIN_S", 0)
    monkeypatch.setattr(rollout, "SERVES_WITHIN_S", 0)
    (tmp_path / ".dockerignore").write_text("*\n!code.py\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "code.py").write_text("price = 1\n")
    (tmp_path / ".env").write_text("POSTGRES_PASSWORD=secret\nTAG=before\n")
    return tmp_path


@pytest.fixture
def deploy(project: Path, engine: FakeDocker) -> Deploy:
    """A deployment of the project in the engine."""
    return functools.partial(rollout.deploy, project, engine=engine)


def running(engine: FakeDocker) -> list[str]:
    return sorted(image for _, image in engine.containers.values())


def servers(engine: FakeDocker) -> list[str]:
    return [image for image in running(engine) if image.startswith("house-prices-inference:")]


AT_BEFORE = [
    "house-prices-deployment:before", "house-prices-inference:before", "house-prices-inference:before",
    "house-prices-pipeline:before", "house-prices-pipeline:before", "house-prices-pipeline:before",
    "official/envoy:v1",
]  # fmt: skip


def test_every_service_runs_the_new_images(project: Path, engine: FakeDocker, deploy: Deploy) -> None:
    told: list[str] = []
    deployed = deploy(told.append)
    tag = sources.tag(project)
    assert (deployed.tag, deployed.before, deployed.built) == (tag, "before", True)
    assert running(engine) == [image.replace("before", tag) for image in AT_BEFORE]
    assert (project / ".env").read_text() == f"POSTGRES_PASSWORD=secret\nTAG={tag}\n"
    assert deployed.digests[f"house-prices-inference:{tag}"] == f"sha256:house-prices-inference:{tag}"
    assert [*deployed.seconds] == [*rollout.SERVICES]
    assert len(told) == 1 + len(rollout.SERVICES)


def test_there_are_never_fewer_inference_servers_than_before(
    project: Path, engine: FakeDocker, deploy: Deploy
) -> None:
    deploy(print)
    turns = [
        line.split()[0 if line.startswith("stop") else -2]
        for line in engine.told
        if line.startswith(("stop inference", "compose up")) and "inference" in line
    ]
    assert turns == ["inference", "stop", "inference", "stop", "inference"]


def test_the_second_time_nothing_is_built_or_replaced(
    project: Path, engine: FakeDocker, deploy: Deploy
) -> None:
    deploy(print)
    before = dict(engine.containers)
    assert not deploy(print).built
    assert engine.containers == before


def test_a_deployment_that_was_cut_off_is_repeated(project: Path, engine: FakeDocker, deploy: Deploy) -> None:
    def cut_off(told: str) -> None:
        if told.startswith("code runs"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deploy(cut_off)
    assert "TAG=before" in (project / ".env").read_text()
    tag = sources.tag(project)
    assert {image.partition(":")[2] for image in running(engine)} == {"before", tag, "v1"}
    deployed = deploy(print)
    assert (deployed.before, deployed.built) == ("before", False)
    assert running(engine) == [image.replace("before", tag) for image in AT_BEFORE]


def test_a_deployment_cut_off_between_two_servers_leaves_none_too_many_in_the_end(
    project: Path, engine: FakeDocker, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rollout.time, "sleep", cut_off)
        with pytest.raises(KeyboardInterrupt):
            deploy(print)
    assert len(servers(engine)) == 3
    deploy(print)
    assert servers(engine) == [f"house-prices-inference:{sources.tag(project)}"] * 2


def test_envoy_begins_again_only_with_another_configuration(
    project: Path, engine: FakeDocker, deploy: Deploy
) -> None:
    deploy(print)
    deploy(print)
    assert sum(line.startswith("compose restart envoy") for line in engine.told) == 1


@pytest.mark.parametrize("service", ["inference", "code", "deployment", "webserver", "daemon", "envoy"])
def test_all_go_back_where_one_does_not_become_healthy(
    project: Path, engine: FakeDocker, deploy: Deploy, service: str
) -> None:
    engine.unhealthy = {f"{service} {sources.tag(project)}"}
    with pytest.raises(DeploymentError, match=f"{service} is unhealthy(.|\n)*the log of {service}") as raised:
        deploy(print)
    assert "Every service is back at before" in str(raised.value)
    assert running(engine) == AT_BEFORE
    assert "TAG=before" in (project / ".env").read_text()
    assert engine.configuration == "configuration of before"


def test_a_server_that_serves_nothing_where_the_old_one_does_is_not_taken(
    project: Path, engine: FakeDocker, deploy: Deploy
) -> None:
    engine.idle = {f"house-prices-inference:{sources.tag(project)}"}
    with pytest.raises(DeploymentError, match="serves no model"):
        deploy(print)
    assert running(engine) == AT_BEFORE


def test_before_a_champion_no_server_has_to_serve(project: Path, engine: FakeDocker, deploy: Deploy) -> None:
    tag = sources.tag(project)
    engine.idle = {"house-prices-inference:before", f"house-prices-inference:{tag}"}
    assert deploy(print).tag == tag


def test_what_does_not_come_back_is_told(project: Path, engine: FakeDocker, deploy: Deploy) -> None:
    engine.unhealthy = {f"webserver {sources.tag(project)}", "code before"}
    with pytest.raises(DeploymentError, match=r"Not everything came back at before(.|\n)*code is unhealthy"):
        deploy(print)
