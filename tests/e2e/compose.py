"""docker-compose.yml in a real engine, as a project of its own that leaves nothing behind."""

import base64
import json
import os
import secrets
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from house_prices.cli.processes import free_port
from tests.e2e.webserver import Webserver, wait_for

PROJECT = Path(__file__).parents[2]
NAME = "house-prices-test"
RUN = "label=dagster/run_id"
STAND_INS = {"postgres:15-bookworm": "postgres", "envoyproxy/envoy:v1.40.0": "envoy", "docker:28-cli": "cli"}
SERVED = ("inference", "code", "deployment", "webserver", "daemon")
"""Services whose images are made from this project."""


def why_not() -> str:
    """Why no engine can be had here; empty where one can."""
    if not os.environ.get("COMPOSE_TEST"):
        return "only `make compose-test` and `make rollout-test` bring up containers"
    for words, reason in (
        (["info"], "no Docker engine answers"),
        (["compose", "version"], "no docker compose"),
    ):
        if subprocess.run(["docker", *words], capture_output=True, check=False).returncode:
            return reason
    return ""


def docker(*words: str, cwd: Path = PROJECT, **variables: str) -> str:
    """What a docker command prints."""
    environment = {**os.environ, "PWD": str(cwd), **variables}
    done = subprocess.run(
        ["docker", *words], capture_output=True, text=True, check=False, timeout=900, cwd=cwd, env=environment
    )
    assert done.returncode == 0, f"docker {' '.join(words)}: {done.stdout[-1000:]}{done.stderr[-2000:]}"
    return done.stdout.strip()


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A copy of the project, up."""

    folder: Path
    port: int
    authorization: str

    @property
    def gateway(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def webserver(self) -> Webserver:
        return Webserver(f"http://{self.gateway}/dagster", Authorization=self.authorization)

    def compose(self, *words: str) -> str:
        """What a `docker compose` command prints."""
        return docker("compose", *words, cwd=self.folder)

    def up(self, *options: str) -> None:
        self.compose("up", "--detach", *options)
        wait_for(self.webserver.info, seconds=120, otherwise="no webserver behind the gateway")

    def configure(self, name: str, value: str) -> None:
        """Set a variable in .env."""
        env = self.folder / ".env"
        lines = [line for line in env.read_text().splitlines() if not line.startswith(f"{name}=")]
        env.write_text("\n".join([*lines, f"{name}={value}", ""]))

    def run(self, *words: str) -> str:
        """A command in a new container of the pipeline."""
        return self.compose("run", "--rm", "--no-deps", "-T", "code", *words)

    def backup(self, action: str, folder: Path) -> None:
        """What deploy/backup.sh does."""
        command = ["deploy/backup.sh", action, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder)
        assert done.returncode == 0, f"{action}: {done.stderr[-2000:]}"

    def sql(self, statement: str) -> None:
        """Have Postgres carry out a statement."""
        psql = ["psql", "--username", "dagster", "--command", statement, "dagster"]
        docker("exec", self.container("postgres"), *psql)

    def container(self, service: str) -> str:
        return self.containers(service)[0]

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "--quiet", service).split()

    def tags(self) -> set[str]:
        """The tags of the images that run."""
        running = [container for service in SERVED for container in self.containers(service)]
        images = docker("inspect", "--format", "{{.Config.Image}}", *running).split()
        return {image.partition(":")[2] for image in images}

    def price(self, house: Any) -> dict[str, Any]:
        """The answer in JSON through the gateway, or the status where there is none."""
        body = json.dumps({"houses": [house]}).encode()
        request = urllib.request.Request(f"http://{self.gateway}/v1/halfmil:predict", body)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            return {"status": error.code, "body": error.read().decode()}

    def champion(self) -> int | None:
        """The version that champion.json names."""
        path = "storage/models/halfmil/champion.json"
        told = docker("exec", self.container("code"), "sh", "-c", f"cat {path} 2>/dev/null || true")
        return int(json.loads(told)["version"]) if told else None

    def container_of(self, run_id: str) -> str:
        """Wait for the container in which a run of Dagster is."""
        label = f"label=dagster/run_id={run_id}"
        return wait_for(
            lambda: docker("ps", "--quiet", "--filter", label),
            seconds=60,
            otherwise=f"no container of {run_id}",
        )

    def settle(self) -> None:
        """Wait for the last run's container to end."""
        running = ["ps", "--quiet", "--filter", f"network={NAME}", "--filter", RUN]
        wait_for(lambda: not docker(*running), seconds=120, otherwise="runs do not end")


@contextmanager
def deployed(folder: Path) -> Iterator[Deployment]:
    """A copy of the project below a folder: both images built, and everything up until the block ends."""
    _stand_in()
    project, password, port = folder / "project", secrets.token_hex(16), free_port()
    left = shutil.ignore_patterns(".*", "storage", "__pycache__", "*.egg-info", "docs", "benchmarks")
    shutil.copytree(PROJECT, project, ignore=left)
    shutil.copy(PROJECT / ".dockerignore", project)
    (project / ".env").write_text(
        f"COMPOSE_PROJECT_NAME={NAME}\nTAG=test\nGATEWAY_PORT={port}\nUI_USER=ann\nGATEWAY_REFLECTION=true\nUI_PASSWORD={password}\n"
        f"POSTGRES_PASSWORD={secrets.token_hex(16)}\nDOCKER_GID={os.stat('/var/run/docker.sock').st_gid}\n"
    )
    basic = base64.b64encode(f"ann:{password}".encode()).decode()
    deployment = Deployment(folder=project, port=port, authorization=f"Basic {basic}")
    deployment.compose("build")
    try:
        deployment.compose("down", "--volumes")
        deployment.up()
        yield deployment
    finally:
        (folder / "compose.log").write_text(deployment.compose("logs", "--no-color", "--tail", "500"))
        for run in docker("ps", "--all", "--quiet", "--filter", f"network={NAME}", "--filter", RUN).split():
            docker("rm", "--force", run)
        deployment.compose("down", "--volumes")


def _stand_in() -> None:
    """Images of others that no registry gave are made from their packages."""
    for image, folder in STAND_INS.items():
        if not _has(image):
            docker("build", "--quiet", "--tag", image, f"tests/e2e/docker/{folder}")


def _has(image: str) -> bool:
    return bool(docker("images", "--quiet", image))


def skipping(reason: str) -> Sequence[pytest.MarkDecorator]:
    """Marks for tests that need the engine."""
    return [pytest.mark.skipif(bool(reason), reason=reason)]
