"""Installs and starts the peers. One that cannot be installed or started is named with the reason."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.halfmil_registry import ROOT
from benchmarks.processes import family
from benchmarks.running import Server
from inference_server.client import launcher

ENVIRONMENTS = ROOT / ".venv-peers"
START_SECONDS = 120.0
HERE = Path(__file__).parent


class Missing(Exception):
    """A peer that cannot be measured, and why."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Another server."""

    name: str
    packages: Sequence[str]
    command: Callable[[Path, Path, str, Sequence[int]], Sequence[str]]
    """The command line from its environment's programs, a folder of its own with `model.onnx`, the model's
    name and three free ports, the first one for gRPC."""


def _mlserver(programs: Path, folder: Path, name: str, ports: Sequence[int]) -> Sequence[str]:
    keys = ("grpc_port", "http_port", "metrics_port")
    settings = {
        **dict(zip(keys, ports, strict=True)),
        "parallel_workers": 0,
        "host": "127.0.0.1",
        "debug": False,
    }
    model = {
        "name": name,
        "implementation": "mlserver_model.Onnx",
        "parameters": {"uri": str(folder / "model.onnx")},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(model))
    shutil.copy(HERE / "mlserver_model.py", folder)
    return [str(programs / "mlserver"), "start", str(folder)]


def _pytriton(programs: Path, folder: Path, name: str, ports: Sequence[int]) -> Sequence[str]:
    script = str(HERE / "pytriton_server.py")
    return [str(programs / "python"), script, str(folder / "model.onnx"), name, *map(str, ports)]


PEERS = (
    Peer(name="MLServer", packages=["mlserver", "onnxruntime"], command=_mlserver),
    Peer(name="PyTriton", packages=["nvidia-pytriton", "onnxruntime"], command=_pytriton),
)


@contextmanager
def running(peer: Peer, model: Path, name: str, folder: Path) -> Iterator[Server]:
    """A peer that answers; raises Missing."""
    programs = _installed(peer)
    own = folder / peer.name
    own.mkdir()
    shutil.copy(model, own / "model.onnx")
    ports = [_free() for _ in range(3)]
    command = peer.command(programs, own, name, ports)
    with (own / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=own, env=_environment(programs))
    try:
        _wait(process, ports[0], own / "log")
        yield Server(port=ports[0], processes=family(process.pid))
    finally:
        for member in reversed(family(process.pid)):
            os.kill(member, 9)
        process.wait()


def _installed(peer: Peer) -> Path:
    folder = ENVIRONMENTS / peer.name
    if not (folder / "complete").exists():
        print(f"installing {', '.join(peer.packages)} into {folder.relative_to(ROOT)}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", *peer.packages]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"cannot be installed: {done.stderr.strip().splitlines()[-1]}")
        (folder / "complete").touch()
    return folder / "bin"


def _environment(programs: Path) -> Mapping[str, str]:
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**{key: value for key, value in os.environ.items() if key != "PYTHONPATH"}, "PATH": path}


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Until something listens; whether it answers is for the first request to see."""

    def listens() -> bool | None:
        if process.poll() is not None:
            raise Missing(f"ended at its start: {log.read_text().strip().splitlines()[-1]}")
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", port)) == 0 or None

    try:
        launcher.eventually(listens, START_SECONDS)
    except TimeoutError:
        raise Missing(f"did not listen within {START_SECONDS:g} s") from None
