"""Runs a program as a fresh process and measures its wall time and peak memory, children included."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

POLL_S = 0.1
"""Interval of memory samples; each sample delays the process."""
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One run."""

    wall_s: float
    """From start to exit, imports included."""
    cpu_s: float
    """Processor time of it and its children, which a busy machine distorts least."""
    peak_mb: float
    """Largest sum of the proportional set sizes (PSS) of the process and its descendants, polled."""
    told: Mapping[str, Any]
    """The JSON on the last line it printed."""


def run(
    module: str, *arguments: object, folder: Path = ROOT, environment: Mapping[str, str] | None = None
) -> Measured:
    """Run a module of this project in a folder, to its end. Raises CalledProcessError if it fails.

    Its stderr is shown only in that case.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
    before = _cpu_s()
    started = time.perf_counter()
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=folder, env=variables
        ) as process,
    ):
        ended = Event()
        with ThreadPoolExecutor(1) as watcher:
            peak_kb = watcher.submit(_peak_kb, process.pid, ended)
            printed, _ = process.communicate()
            wall_s = time.perf_counter() - started
            ended.set()
        if process.returncode:
            log.seek(0)
            sys.stderr.write(log.read())
            raise subprocess.CalledProcessError(process.returncode, command)
    return Measured(
        wall_s=wall_s,
        cpu_s=_cpu_s() - before,
        peak_mb=peak_kb.result() / 1024,
        told=json.loads(printed.splitlines()[-1]),
    )


def _cpu_s() -> float:
    """Processor time of every child that has ended so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _peak_kb(root: int, ended: Event) -> int:
    peak = 0
    while not ended.wait(POLL_S):
        peak = max(peak, sum(map(pss_kb, family(root))))
    return peak


def family(root: int) -> list[int]:
    """A process and its descendants."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):  # it ended while we looked
            continue
    family = [root]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family


def pss_kb(process: int, part: str = "Pss") -> int:
    """Proportional set size of a process, or a part of it such as Pss_Anon; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:  # it ended while we looked
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{part}:")), 0)
