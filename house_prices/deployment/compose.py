"""The commands `docker` and `docker compose`, run in the project's folder."""

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from house_prices.errors import DeploymentError

_PLAIN = ("--ansi", "never", "--progress", "quiet")


Engine = Callable[[Sequence[str], Path, str], "subprocess.CompletedProcess[str]"]
"""Runs a `docker` command in a project's folder, at a tag of its images."""


def docker_command(words: Sequence[str], folder: Path, tag: str) -> "subprocess.CompletedProcess[str]":
    """Run `docker` as a process. Raises DeploymentError if there is none."""
    try:
        return subprocess.run(
            ["docker", *words],
            cwd=folder,
            env={**os.environ, "PWD": str(folder), "TAG": tag, "REVISION": tag},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise DeploymentError("There is no docker command here; use the image `deployment`.") from None


class Compose:
    """The project with its images at one tag."""

    def __init__(self, folder: Path, tag: str, engine: Engine = docker_command) -> None:
        self.folder = folder
        self.tag = tag
        self._engine = engine

    def __call__(self, *words: str) -> str:
        """Run `docker compose` and return what it prints. Raises DeploymentError if it fails."""
        return self.docker("compose", *_PLAIN, *words)

    def docker(self, *words: str) -> str:
        """Run `docker` and return what it prints. Raises DeploymentError if it fails."""
        done = self._engine(words, self.folder, self.tag)
        if done.returncode:
            last = "\n".join(done.stderr.strip().splitlines()[-10:])
            raise DeploymentError(f"docker {' '.join(words)} ended with {done.returncode}:\n{last}")
        return done.stdout.strip()

    def images(self) -> dict[str, str]:
        """Each service with an image of this project, and the image: `house-prices-pipeline:<tag>`."""
        services = json.loads(self("config", "--format", "json"))["services"]
        return {
            name: service["image"]
            for name, service in services.items()
            if service["image"].startswith("house-prices-")
        }

    def has(self, image: str) -> bool:
        """Whether the engine has an image with this name and tag."""
        return bool(self.docker("images", "--quiet", image))

    def digest(self, image: str) -> str:
        """An image's id: the sha256 of its content."""
        return self.docker("image", "inspect", "--format", "{{.Id}}", image)

    def containers(self, service: str) -> list[str]:
        """The ids of a service's running containers."""
        return self("ps", "--quiet", service).split()

    def digest_of(self, container: str) -> str:
        """The id of the image that a container runs."""
        return self.docker("inspect", "--format", "{{.Image}}", container)

    def health(self, container: str) -> str:
        """A container's health: starting, healthy or unhealthy."""
        return self.docker("inspect", "--format", "{{.State.Health.Status}}", container)
