"""Installs and starts the peers. One that cannot be installed or started is named with the reason."""

import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from benchmarks.halfmil_registry import ROOT
from benchmarks.processes import family
from benchmarks.running import Server
from inference_server.client import launcher
from inference_server.codecs import oip_messages
from inference_server.codecs.oip_messages import messages

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
        _wait(process, ports[0], name, own / "log")
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
    """Without this project's modules, and with this Python's library for programs that embed one."""
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**inherited, "PATH": path, "LD_LIBRARY_PATH": str(sysconfig.get_config_var("LIBDIR"))}


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait(process: "subprocess.Popen[bytes]", port: int, name: str, log: Path) -> None:
    """Until the model is ready."""

    def is_ready() -> bool:
        if process.poll() is not None:
            raise Missing(f"ended at its start: {log.read_text().strip().splitlines()[-1]}")
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            ask: Any = channel.unary_unary(oip_messages.path("ModelReady"))
            try:
                answer = ask(messages.ModelReadyRequest(name=name).SerializeToString(), timeout=2)
            except grpc.RpcError:
                return False
        return bool(messages.ModelReadyResponse.FromString(answer).ready)

    try:
        launcher.eventually(is_ready, START_SECONDS)
    except TimeoutError:
        raise Missing(f"was not ready within {START_SECONDS:g} s") from None
