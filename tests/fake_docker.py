"""A Docker engine that is none: it keeps containers and images in lists, and remembers what it was told."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess

SERVICES = {
    "inference": "inference",
    "code": "pipeline",
    "deployment": "deployment",
    "webserver": "pipeline",
    "daemon": "pipeline",
    "migration": "pipeline",
    "gateway-config": "pipeline",
}
RUNNING = ("inference", "inference", "code", "deployment", "webserver", "daemon", "envoy")
REPLICAS = {"inference": 2}


def image(service: str, tag: str) -> str:
    return f"house-prices-{SERVICES[service]}:{tag}" if service in SERVICES else f"official/{service}:v1"


class Refused(Exception):
    """What the command prints on stderr when it fails."""


@dataclass
class FakeDocker:
    """The engine of `house_prices.deployment.compose`, with every service at the tag `before`."""

    containers: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Each container's service and image."""
    images: set[str] = field(default_factory=lambda: {image(service, "before") for service in SERVICES})
    configuration: str = "configuration of before"
    """What lies in Envoy's volume."""
    unhealthy: set[str] = field(default_factory=set)
    """Services that fail at a tag, as "code bad"."""
    idle: set[str] = field(default_factory=set)
    """Images of servers that serve no model."""
    told: list[str] = field(default_factory=list)
    started: int = 0

    def __post_init__(self) -> None:
        for service in RUNNING:
            self._start(service, "before")

    def __call__(self, words: Sequence[str], folder: Path, tag: str) -> "CompletedProcess[str]":
        words = [word for word in words if word not in ("--ansi", "never", "--progress", "quiet")]
        self.told.append(" ".join([*words, f"@{tag}"]))
        try:
            return CompletedProcess(words, 0, stdout=self._answer(words, tag), stderr="")
        except Refused as fault:
            return CompletedProcess(words, 1, stdout="", stderr=str(fault))

    def _start(self, service: str, tag: str) -> None:
        self.started += 1
        self.containers[f"{service}-{self.started}"] = (service, image(service, tag))

    def _of(self, service: str) -> list[str]:
        return [name for name, (of, _) in self.containers.items() if of == service]

    def _up(self, words: list[str], tag: str) -> str:
        service = words[-1]
        running = self._of(service)
        if "--no-recreate" in words:
            wanted = int(words[words.index("--scale") + 1].partition("=")[2])
            for _ in range(wanted - len(running)):
                self._start(service, tag)
        else:
            for name in running[REPLICAS.get(service, 1) :]:
                del self.containers[name]
            for name in running[: REPLICAS.get(service, 1)]:
                if self.containers[name][1] != image(service, tag):
                    del self.containers[name]
                    self._start(service, tag)
        if f"{service} {tag}" in self.unhealthy:
            raise Refused(f"{service} is unhealthy")
        return ""

    def _answer(self, words: list[str], tag: str) -> str:
        match words:
            case ["compose", "up", *_]:
                return self._up(words, tag)
            case ["compose", "config", *_]:
                services = [*SERVICES, "postgres", "envoy"]
                return json.dumps({"services": {name: {"image": image(name, tag)} for name in services}})
            case ["compose", "build"]:
                self.images |= {image(service, tag) for service in SERVICES}
            case ["compose", "ps", "--quiet", service]:
                return "\n".join(self._of(service))
            case ["compose", "run", *_, "sha256sum", "/gateway/envoy.yaml"]:
                return self.configuration
            case ["compose", "run", *_, "gateway-config"]:
                self.configuration = f"configuration of {tag}"
            case ["compose", "logs", *_, service]:
                return f"the log of {service}"
            case ["images", "--quiet", name]:
                return name if name in self.images else ""
            case ["image", "inspect", *_, name]:
                return f"sha256:{name}"
            case ["inspect", "--format", "{{.State.Health.Status}}", _]:
                return "unhealthy" if f"envoy {tag}" in self.unhealthy else "healthy"
            case ["inspect", *_, name]:
                return f"sha256:{self.containers[name][1]}"
            case ["exec", name, *_]:
                if self.containers[name][1] in self.idle:
                    raise Refused("not serving")
            case ["rm", *_, name]:
                del self.containers[name]
        return ""
