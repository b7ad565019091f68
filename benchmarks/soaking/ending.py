"""Processes that end under load: by a kill, and by SIGTERM."""

import os
import signal
import time

from benchmarks.server import Server, eventually, serving
from benchmarks.soaking import huts
from benchmarks.soaking.callers import Callers
from benchmarks.soaking.result import Result, counted, result_of
from house_prices.registry import Registry

KILLS, CALLERS = 5, 6
UNANSWERED = {"UNAVAILABLE", "CANCELLED"}
"""Codes that a server may return while it stops."""


def killing(registry: Registry) -> Result:
    """Kill one of two workers again and again; the client's retries go to the other one."""
    huts.promoted(registry)
    with (
        serving(registry, "--workers", "2") as server,
        Callers(server.address, threads=CALLERS, connections=4) as callers,
    ):
        for kill in range(KILLS):
            _kill_one(server, callers, kill + 1)
    facts = f"{KILLS} kills, each replaced, {counted(callers.codes)}"
    return result_of(
        facts,
        no_failures=not callers.failures,
        every_price_its_versions=not callers.wrong,
    )


def _kill_one(server: Server, callers: Callers, kills: int) -> None:
    """Kill one, and wait for its replacement; raises TimeoutError if there is none."""
    time.sleep(1)
    os.kill(max(server.workers()), signal.SIGKILL)
    eventually(lambda: server.metric("inference_worker_restarts_total") == kills)
    eventually(lambda: server.metric("inference_workers") == 2)
    so_far = callers.codes["OK"]
    eventually(lambda: callers.codes["OK"] > so_far + 100)


def stopping(registry: Registry) -> Result:
    """SIGTERM: callers get exactly the responses that the server logs."""
    huts.promoted(registry)
    with serving(registry, "--workers", "2", log_sample=1.0) as server:
        with Callers(server.address, threads=CALLERS, timeout_seconds=2) as callers:
            time.sleep(2)
            code = server.stop()
        told = [line["code"] for line in server.lines("request")]
    facts = f"exit code {code}, told OK {told.count('OK')}, callers got {counted(callers.codes)}"
    return result_of(
        facts,
        exit_code_0=code == 0,
        every_accepted_request_answered=told.count("OK") == callers.codes["OK"],
        others_refused_as_promised=set(callers.failures) <= UNANSWERED and set(told) <= {"OK", *UNANSWERED},
    )
