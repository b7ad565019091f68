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
STAND_INS = {"postgres:15-bookworm": "postgres", "envoyproxy/envoy:v1.40.0": "envoy"}


def why_not() -> str:
    """Why no engine can be had here; empty where one can."""
    if not os.environ.get("COMPOSE_TEST"):
        return "only `make compose-test` brings up the containers"
    if shutil.which("docker-compose") is None:
        return "docker-compose is not installed"
    asked = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)
    return "" if asked.returncode == 0 else "no Docker engine answers: start dockerd"


def docker(*words: str, seconds: float = 900) -> str:
    """What a docker command prints."""
    done = subprocess.run(
        ["docker", *words], capture_output=True, text=True, check=False, timeout=seconds, cwd=PROJECT
    )
    assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr[-2000:]}"
    return done.stdout.strip()


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The project, up."""

    env: Path
    port: int
    authorization: str

    @property
    def gateway(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def webserver(self) -> Webserver:
        return Webserver(f"http://{self.gateway}/dagster", Authorization=self.authorization)

    def compose(self, *words: str) -> str:
        """What a docker-compose command prints."""
        command = ["docker-compose", "--env-file", str(self.env), *words]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=900, cwd=PROJECT, env=_environment()
        )
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout[-1000:]}{done.stderr[-2000:]}"
        return done.stdout

    def up(self) -> None:
        self.compose("up", "-d", "--scale", "inference=2")
        wait_for(self.webserver.info, seconds=120, otherwise="no webserver behind the gateway")

    def run(self, *words: str) -> str:
        """A command in a new container of the pipeline."""
        return self.compose("run", "--rm", "--no-deps", "-T", "code", *words)

    def backup(self, action: str, folder: Path) -> None:
        """What deploy/backup.sh does."""
        compose = f"docker-compose --env-file {self.env}"
        command = ["deploy/backup.sh", action, str(folder)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=PROJECT,
            env={**_environment(), "COMPOSE": compose},
        )
        assert done.returncode == 0, f"{action}: {done.stderr[-2000:]}"

    def sql(self, statement: str) -> None:
        """Have Postgres carry out a statement."""
        psql = ["psql", "--username", "dagster", "--command", statement, "dagster"]
        docker("exec", self.container("postgres"), *psql)

    def container(self, service: str) -> str:
        return self.compose("ps", "-q", service).split()[0]

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


def _environment() -> dict[str, str]:
    return {**os.environ, "COMPOSE_PROJECT_NAME": NAME}


@contextmanager
def deployed(folder: Path) -> Iterator[Deployment]:
    """Both images built, and everything up until the block ends."""
    _stand_in()
    password, port = secrets.token_hex(16), free_port()
    env = folder / ".env"
    env.write_text(
        f"COMPOSE_PROJECT_NAME={NAME}\nTAG=test\nGATEWAY_PORT={port}\nUI_USER=ann\nUI_PASSWORD={password}\n"
        f"POSTGRES_PASSWORD={secrets.token_hex(16)}\nDOCKER_GID={os.stat('/var/run/docker.sock').st_gid}\n"
    )
    basic = base64.b64encode(f"ann:{password}".encode()).decode()
    deployment = Deployment(env=env, port=port, authorization=f"Basic {basic}")
    for target in ("inference", "pipeline"):
        docker("build", "--quiet", "--target", target, "--tag", f"house-prices-{target}:test", ".")
    try:
        deployment.compose("down", "--volumes")
        deployment.up()
        yield deployment
    finally:
        _keep_logs(deployment, folder)
        for left in docker("ps", "--all", "--quiet", "--filter", f"network={NAME}", "--filter", RUN).split():
            docker("rm", "--force", left)
        deployment.compose("down", "--volumes")


def _stand_in() -> None:
    """Images of others that no registry gave are made from their packages."""
    for image, folder in STAND_INS.items():
        if not _has(image):
            docker("build", "--quiet", "--tag", image, f"tests/e2e/docker/{folder}")


def _has(image: str) -> bool:
    return bool(docker("images", "--quiet", image))


def _keep_logs(deployment: Deployment, folder: Path) -> None:
    (folder / "compose.log").write_text(deployment.compose("logs", "--no-color", "--tail", "500"))


def skipping(reason: str) -> Sequence[pytest.MarkDecorator]:
    """Marks for tests that need the engine."""
    return [pytest.mark.skipif(bool(reason), reason=reason)]
