"""Generates load with h2load (Debian's nghttp2-client), which costs far less than the servers it drives."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

TICKS = 100
"""Units of the processor times in /proc, per second."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """The result of one run."""

    requests_s: float
    p50_us: float
    p99_us: float
    cpu_us: float
    """Processor time of the server's processes, per request."""


def check() -> None:
    """Raise SystemExit if h2load is missing."""
    if not shutil.which("h2load"):
        raise SystemExit("h2load is missing. Debian and Ubuntu have it in the package nghttp2-client.")


def drive(
    port: int, path: str, message: bytes, *, requests: int, in_flight: int, processes: Sequence[int]
) -> Load:
    """Send requests as fast as responses arrive. Raises RuntimeError if an HTTP status is not 200.

    h2load does not read gRPC's own status, which is in the trailers: try the request with a client first.
    """
    with tempfile.TemporaryDirectory() as folder:
        body, log = Path(folder, "body"), Path(folder, "log")
        body.write_bytes(b"\0" + len(message).to_bytes(4, "big") + message)
        clients = min(in_flight, 8)
        command = ["h2load", f"--requests={requests}", f"--clients={clients}", "--threads=1"]
        command += [f"--max-concurrent-streams={in_flight // clients}", f"--data={body}", f"--log-file={log}"]
        command += ["--header=content-type: application/grpc", "--header=te: trailers"]
        before, started = sum(map(cpu_s, processes)), time.perf_counter()
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
        )
        seconds, used = time.perf_counter() - started, sum(map(cpu_s, processes)) - before
        if f" {requests} 2xx" not in done.stdout:
            raise RuntimeError(f"h2load: not every request was answered: {done.stdout}")
        times = np.loadtxt(log, usecols=2)
    p50, p99 = np.percentile(times, [50, 99])
    return Load(
        requests_s=requests / seconds, p50_us=float(p50), p99_us=float(p99), cpu_us=used / requests * 1e6
    )


def cpu_s(process: int) -> float:
    """Processor time that a process has used so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
