"""A `docker` command without an engine: it keeps containers and images in a file, and says what it was told.

`unhealthy` in that file names services that fail at a tag, as `["code bad"]`.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

FILE = Path("engine.json")
SERVICES = {
    "inference": "inference",
    "code": "pipeline",
    "deployment": "deployment",
    "webserver": "pipeline",
    "daemon": "pipeline",
    "migration": "pipeline",
    "gateway-config": "pipeline",
}

REPLICAS = {"inference": 2}


def image(service: str, tag: str) -> str:
    return f"house-prices-{SERVICES[service]}:{tag}" if service in SERVICES else f"official/{service}:v1"


def start(engine: dict[str, Any], service: str, tag: str) -> None:
    engine["started"] += 1
    engine["containers"][f"{service}-{engine['started']}"] = [service, image(service, tag)]


def up(engine: dict[str, Any], words: list[str], tag: str) -> str:
    service = words[-1]
    running = [name for name, (of, _) in engine["containers"].items() if of == service]
    if "--no-recreate" in words:
        wanted = int(words[words.index("--scale") + 1].partition("=")[2])
        for _ in range(wanted - len(running)):
            start(engine, service, tag)
    else:
        for name in running[REPLICAS.get(service, 1) :]:
            del engine["containers"][name]
        for name in running[: REPLICAS.get(service, 1)]:
            if engine["containers"][name][1] != image(service, tag):
                del engine["containers"][name]
                start(engine, service, tag)
    return f"{service} is unhealthy" if f"{service} {tag}" in engine["unhealthy"] else ""


def answer(engine: dict[str, Any], words: list[str], tag: str) -> str:
    match words:
        case ["compose", "config", *_]:
            services = [*SERVICES, "postgres", "envoy"]
            return json.dumps({"services": {service: {"image": image(service, tag)} for service in services}})
        case ["compose", "build"]:
            engine["images"] = sorted({*engine["images"], *(image(service, tag) for service in SERVICES)})
        case ["compose", "ps", "--quiet", service]:
            return "\n".join(name for name, (of, _) in engine["containers"].items() if of == service)
        case ["compose", "run", *_, "sha256sum", "/gateway/envoy.yaml"]:
            return str(engine["configuration"])
        case ["compose", "run", *_, "gateway-config"]:
            engine["configuration"] = f"configuration of {tag}"
        case ["compose", "logs", *_, service]:
            return f"the log of {service}"
        case ["images", "--quiet", name]:
            return name if name in engine["images"] else ""
        case ["image", "inspect", *_, name]:
            return f"sha256:{name}"
        case ["inspect", "--format", "{{.State.Health.Status}}", _]:
            return "unhealthy" if f"envoy {tag}" in engine["unhealthy"] else "healthy"
        case ["inspect", *_, name]:
            return f"sha256:{engine['containers'][name][1]}"
        case ["exec", name, *_]:
            serving = engine["containers"][name][1] not in engine["idle"]
            return "" if serving else sys.exit("not serving")
        case ["rm", *_, name]:
            del engine["containers"][name]
    return ""


def main(words: list[str]) -> None:
    tag = os.environ["TAG"]
    engine = json.loads(FILE.read_text())
    words = [word for word in words if word not in ("--ansi", "never", "--progress", "quiet")]
    engine["told"].append(" ".join([*words, f"@{tag}"]))
    fault = up(engine, words, tag) if words[:2] == ["compose", "up"] else ""
    if not fault:
        sys.stdout.write(answer(engine, words, tag))
    FILE.write_text(json.dumps(engine))
    if fault:
        sys.exit(fault)


def furnish(folder: Path) -> None:
    """Three kinds of services at the tag `before`, in a folder where `docker` is this file."""
    engine: dict[str, Any] = {
        "started": 0,
        "containers": {},
        "images": [image(service, "before") for service in SERVICES],
        "configuration": "configuration of before",
        "unhealthy": [],
        "idle": [],
        "told": [],
    }
    for service in ("inference", "inference", "code", "deployment", "webserver", "daemon", "envoy"):
        start(engine, service, "before")
    (folder / FILE).write_text(json.dumps(engine))
    command = folder / "bin" / "docker"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {Path(__file__).resolve()} "$@"\n')
    command.chmod(0o755)


if __name__ == "__main__":
    main(sys.argv[1:])
