"""A real inference server in its own processes, seen from outside."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client.parser import text_string_to_metric_families

from house_prices.registry import Registry

PATIENCE_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Server:
    """One that serves."""

    process: "subprocess.Popen[bytes]"
    log: Path
    port: int
    metrics_port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def workers(self) -> list[int]:
        """Ids of the processes that answer."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return list(map(int, children.split())) or [self.process.pid]

    def metric(self, name: str, **labels: str) -> float:
        """Sum of the samples that have these labels, regardless of others."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as answer:
            families = text_string_to_metric_families(answer.read().decode())
            samples = [sample for family in families for sample in family.samples]
        wanted = labels.items()
        return sum(one.value for one in samples if one.name == name and wanted <= one.labels.items())

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What the log says of an event so far."""
        content = self.log.read_text()
        told = map(json.loads, content[: content.rfind("\n") + 1].splitlines())
        return [line for line in told if line["event"] == event]

    def is_serving(self) -> bool:
        with grpc.insecure_channel(self.address) as channel:
            request = health_pb2.HealthCheckRequest()
            answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=PATIENCE_S)
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    def stop(self) -> int:
        """Send SIGTERM and wait for the end; gives the exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE_S)


@contextmanager
def serving(registry: Registry, *flags: str, log_sample: float = 0.0) -> Iterator[Server]:
    """A server for a registry of one market, once its champion serves. Its log is beside the registry."""
    log = registry.root.parent / "server.log"
    command = [sys.executable, "-m", "inference_server", "--models", str(registry.root), "--port", "0"]
    command += ["--metrics-port", "0", "--poll-seconds", "0.02", "--log-sample", str(log_sample), *flags]
    with log.open("wb") as stderr, subprocess.Popen(command, stderr=stderr) as process:
        try:
            yield eventually(lambda: _started(process, log))
        finally:
            process.terminate()


def _started(process: "subprocess.Popen[bytes]", log: Path) -> Server | None:
    if process.poll() is not None:
        raise RuntimeError(f"the server ended: {log.read_text()}")
    server = Server(process=process, log=log, port=0, metrics_port=0)
    serves = server.lines("serving")
    if not serves or not server.lines("model serves"):
        return None
    (line,) = serves
    return Server(process=process, log=log, port=line["port"], metrics_port=line["metrics_port"])


def eventually(look: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
    """Look again and again for something that is on its way; raises TimeoutError."""
    end = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:g} s in vain")
        time.sleep(0.02)
    return found
