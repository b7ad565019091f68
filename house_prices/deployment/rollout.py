"""Rolls new images out, one service at a time, and rolls all of them back if one does not become healthy."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from house_prices.deployment import env_file, sources
from house_prices.deployment.compose import Compose, Engine, docker_command
from house_prices.errors import DeploymentError

SERVICES = ("inference", "code", "deployment", "webserver", "daemon", "sign-in", "envoy")
"""In order of replacement: the servers that answer requests first, the gateway last."""
HEALTHY_WITHIN_S = 240
SERVES_WITHIN_S = 60
"""For fast starts: a server that loads its models, or Envoy that reads its configuration."""
FOUND_WITHIN_S = 5
"""How long Envoy takes to find a new server: it resolves names every 2 s and checks health every 1 s."""

_TERMINAL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """The result of a deployment."""

    tag: str
    before: str
    """The previous tag."""
    built: bool
    """Whether images had to be built for this tag."""
    digests: Mapping[str, str]
    """The sha256 of each image."""
    seconds: Mapping[str, float]
    """How long each service took to become healthy."""


def deploy(folder: Path, log: Callable[[str], None], engine: Engine = docker_command) -> Deployed:
    """Build images of the folder's sources, unless they exist, and have every service run them.

    The tag in .env changes only when all services are healthy, so that an interrupted deployment can be
    repeated. If a service does not become healthy, all of them go back to the previous images, and
    DeploymentError is raised.
    """
    old = Compose(folder, env_file.tag(folder), engine)
    new = Compose(folder, sources.tag(folder), engine)
    images = sorted({*new.images().values()})
    built = not all(new.has(image) for image in images)
    if built:
        log(f"Building {', '.join(images)}")
        new("build")
    digests = {image: new.digest(image) for image in images}
    seconds = _roll_out(new, old, log)
    env_file.write_tag(folder, new.tag)
    return Deployed(tag=new.tag, before=old.tag, built=built, digests=digests, seconds=seconds)


def _roll_out(new: Compose, old: Compose, log: Callable[[str], None]) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for index, service in enumerate(SERVICES):
        began = time.monotonic()
        try:
            _replace(new, service)
        except DeploymentError as fault:
            log(f"{service} does not become healthy at {new.tag}; back to {old.tag}\n{fault}")
            _roll_back(old, SERVICES[: index + 1])
            raise DeploymentError(f"{fault}\nEvery service is back at {old.tag}.") from fault
        seconds[service] = round(time.monotonic() - began, 1)
        log(f"{service} runs {new.tag} after {seconds[service]} s")
    return seconds


def _roll_back(old: Compose, services: Sequence[str]) -> None:
    """Put services back to their previous images; go on with the others if one does not become healthy."""
    lost: list[DeploymentError] = []
    for service in reversed(services):
        try:
            _replace(old, service)
        except DeploymentError as fault:
            lost.append(fault)
    if lost:
        faults = "\n".join(map(str, lost))
        raise DeploymentError(f"Not everything came back at {old.tag}; `docker compose ps` tells.\n{faults}")


def _replace(compose: Compose, service: str) -> None:
    """Have a service run its image at the tag, and wait until it is healthy."""
    match service:
        case "inference":
            _replace_each(compose, service)
        case "envoy":
            _configure(compose)
        case _:
            _up(compose, service)


def _up(compose: Compose, service: str, *options: str) -> None:
    wait = ("--wait", "--wait-timeout", str(HEALTHY_WITHIN_S))
    try:
        compose("up", "--detach", "--no-build", *wait, *options, service)
    except DeploymentError as fault:
        raise DeploymentError(f"{fault}{_last_words(compose, service)}") from fault


def _replace_each(compose: Compose, service: str) -> None:
    """For each old container, start a new one first and then remove the old, so that capacity never drops.

    In the end there are as many as docker-compose.yml says, even after a deployment that was interrupted.
    """
    wanted = compose.digest(compose.images()[service])
    for container in compose.containers(service):
        if compose.digest_of(container) == wanted:
            continue
        before = compose.containers(service)
        try:
            _up(compose, service, "--no-recreate", "--scale", f"{service}={len(before) + 1}")
            if _serves(compose, container):
                _wait_to_serve(compose, [new for new in compose.containers(service) if new not in before])
        except DeploymentError:
            for new in compose.containers(service):
                if new not in before:
                    compose.docker("rm", "--force", new)
            raise
        time.sleep(FOUND_WITHIN_S)
        compose.docker("stop", container)
        compose.docker("rm", container)
    _up(compose, service)


def _serves(compose: Compose, container: str) -> bool:
    try:
        compose.docker("exec", container, "python", "/opt/answers.py", "localhost:8001", "--serving")
    except DeploymentError:
        return False
    return True


def _wait_to_serve(compose: Compose, containers: list[str]) -> None:
    end = time.monotonic() + SERVES_WITHIN_S
    while not all(_serves(compose, container) for container in containers):
        if time.monotonic() > end:
            raise DeploymentError("The new inference server serves no model, but the old one does.")
        time.sleep(1)


def _configure(compose: Compose) -> None:
    """Rewrite the gateway's configuration, and restart Envoy if that has changed."""
    before = _configuration(compose)
    compose("run", "--rm", "--no-deps", "-T", "gateway-config")
    if _configuration(compose) == before:
        return
    compose("restart", "envoy")
    end = time.monotonic() + SERVES_WITHIN_S
    while not all(compose.health(container) == "healthy" for container in compose.containers("envoy")):
        if time.monotonic() > end:
            raise DeploymentError(
                f"envoy is unhealthy with its new configuration.{_last_words(compose, 'envoy')}"
            )
        time.sleep(1)


def _configuration(compose: Compose) -> str:
    return compose("run", "--rm", "--no-deps", "-T", "gateway-config", "sha256sum", "/gateway/envoy.yaml")


def _last_words(compose: Compose, service: str) -> str:
    logs = compose("logs", "--no-color", "--no-log-prefix", "--tail", "20", service)
    return f"\nIts last words:\n{_TERMINAL.sub('', logs)}"
