import json
import os
from pathlib import Path
from typing import Any

import pytest

from house_prices.deployment import rollout, sources
from house_prices.errors import DeploymentError
from tests import fake_docker


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources, an .env and an engine that runs them at the tag `before`."""
    fake_docker.furnish(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(rollout, "FOUND_WITHIN_S", 0)
    monkeypatch.setattr(rollout, "SERVES_WITHIN_S", 0)
    (tmp_path / ".dockerignore").write_text("*\n!code.py\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "code.py").write_text("price = 1\n")
    (tmp_path / ".env").write_text("POSTGRES_PASSWORD=secret\nTAG=before\n")
    return tmp_path


def engine(project: Path) -> dict[str, Any]:
    return dict(json.loads((project / fake_docker.FILE).read_text()))


def break_(project: Path, **faults: list[str]) -> None:
    (project / fake_docker.FILE).write_text(json.dumps({**engine(project), **faults}))


def running(project: Path) -> list[str]:
    return sorted(image for _, image in engine(project)["containers"].values())


def servers(project: Path) -> list[str]:
    return [image for image in running(project) if image.startswith("house-prices-inference:")]


AT_BEFORE = [
    "house-prices-deployment:before", "house-prices-inference:before", "house-prices-inference:before",
    "house-prices-pipeline:before", "house-prices-pipeline:before", "house-prices-pipeline:before",
    "official/envoy:v1",
]  # fmt: skip


def test_every_service_runs_the_new_images(project: Path) -> None:
    told: list[str] = []
    deployed = rollout.deploy(project, told.append)
    tag = sources.tag(project)
    assert (deployed.tag, deployed.before, deployed.built) == (tag, "before", True)
    assert running(project) == [image.replace("before", tag) for image in AT_BEFORE]
    assert (project / ".env").read_text() == f"POSTGRES_PASSWORD=secret\nTAG={tag}\n"
    assert deployed.digests[f"house-prices-inference:{tag}"] == f"sha256:house-prices-inference:{tag}"
    assert [*deployed.seconds] == [*rollout.SERVICES]
    assert len(told) == 1 + len(rollout.SERVICES)


def test_there_are_never_fewer_inference_servers_than_before(project: Path) -> None:
    rollout.deploy(project, print)
    turns = [
        line.split()[0 if line.startswith("stop") else -2]
        for line in engine(project)["told"]
        if line.startswith(("stop inference", "compose up")) and "inference" in line
    ]
    assert turns == ["inference", "stop", "inference", "stop", "inference"]


def test_the_second_time_nothing_is_built_or_replaced(project: Path) -> None:
    rollout.deploy(project, print)
    before = engine(project)["containers"]
    assert not rollout.deploy(project, print).built
    assert engine(project)["containers"] == before


def test_a_deployment_that_was_cut_off_is_repeated(project: Path) -> None:
    def cut_off(told: str) -> None:
        if told.startswith("code runs"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rollout.deploy(project, cut_off)
    assert "TAG=before" in (project / ".env").read_text()
    tag = sources.tag(project)
    assert {image.partition(":")[2] for image in running(project)} == {"before", tag, "v1"}
    deployed = rollout.deploy(project, print)
    assert (deployed.before, deployed.built) == ("before", False)
    assert running(project) == [image.replace("before", tag) for image in AT_BEFORE]


def test_a_deployment_cut_off_between_two_servers_leaves_none_too_many_in_the_end(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rollout.time, "sleep", cut_off)
        with pytest.raises(KeyboardInterrupt):
            rollout.deploy(project, print)
    assert len(servers(project)) == 3
    rollout.deploy(project, print)
    assert servers(project) == [f"house-prices-inference:{sources.tag(project)}"] * 2


def test_envoy_begins_again_only_with_another_configuration(project: Path) -> None:
    rollout.deploy(project, print)
    rollout.deploy(project, print)
    assert sum(line.startswith("compose restart envoy") for line in engine(project)["told"]) == 1


@pytest.mark.parametrize("service", ["inference", "code", "deployment", "webserver", "daemon", "envoy"])
def test_all_go_back_where_one_does_not_become_healthy(project: Path, service: str) -> None:
    break_(project, unhealthy=[f"{service} {sources.tag(project)}"])
    with pytest.raises(DeploymentError, match=f"{service} is unhealthy(.|\n)*the log of {service}") as raised:
        rollout.deploy(project, print)
    assert "Every service is back at before" in str(raised.value)
    assert running(project) == AT_BEFORE
    assert "TAG=before" in (project / ".env").read_text()
    assert engine(project)["configuration"] == "configuration of before"


def test_a_server_that_serves_nothing_where_the_old_one_does_is_not_taken(project: Path) -> None:
    break_(project, idle=[f"house-prices-inference:{sources.tag(project)}"])
    with pytest.raises(DeploymentError, match="serves no model"):
        rollout.deploy(project, print)
    assert running(project) == AT_BEFORE


def test_before_a_champion_no_server_has_to_serve(project: Path) -> None:
    tag = sources.tag(project)
    break_(project, idle=["house-prices-inference:before", f"house-prices-inference:{tag}"])
    assert rollout.deploy(project, print).tag == tag


def test_what_does_not_come_back_is_told(project: Path) -> None:
    break_(project, unhealthy=[f"webserver {sources.tag(project)}", "code before"])
    with pytest.raises(DeploymentError, match=r"Not everything came back at before(.|\n)*code is unhealthy"):
        rollout.deploy(project, print)


def test_without_a_docker_command_the_error_says_so(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DeploymentError, match="no docker command"):
        rollout.deploy(project, print)
