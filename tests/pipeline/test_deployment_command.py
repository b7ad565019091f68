"""The deployment's `docker`, as a process."""

import os
from pathlib import Path

import pytest

from house_prices.deployment.compose import Compose
from house_prices.errors import DeploymentError


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `docker` runs: a script that a test writes."""
    script = tmp_path / "bin" / "docker"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    return script


def test_it_runs_in_the_projects_folder_and_is_told_the_tag(docker: Path, tmp_path: Path) -> None:
    docker.write_text('#!/bin/sh\necho "$(pwd) $PWD $TAG $REVISION $@"\n')
    told = Compose(tmp_path, "new")("ps")
    assert told == f"{tmp_path} {tmp_path} new new compose --ansi never --progress quiet ps"


def test_a_command_that_fails_is_told_with_its_last_words(docker: Path, tmp_path: Path) -> None:
    docker.write_text("#!/bin/sh\nseq 12 >&2\nexit 3\n")
    with pytest.raises(DeploymentError, match=r"docker rm one ended with 3:\n3\n4(.|\n)*12$"):
        Compose(tmp_path, "new").docker("rm", "one")


def test_without_a_docker_command_the_error_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DeploymentError, match="no docker command"):
        Compose(tmp_path, "new")("ps")
