"""Kills processes at random instants of every change of a registry: nothing is torn or lost.

    python -m benchmarks.soaking.kills FOLDER KILLS SEED

prints what it found as JSON. It imports little, so that a fork of it takes a millisecond.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.soaking.result import Result, result_of
from house_prices.errors import HousePricesError
from house_prices.registry import REPORT, Registry, audit
from house_prices.registry.verify import verify
from tests import plain_model
from tests.plain_model import MARKET

ROUND = 25
"""Kills of one registry. A new one follows, for a log that grows makes each change slower."""
LONGEST_S = 0.1
"""From a process's start to its death, at most; a change takes some milliseconds."""
ACTS = ("publish", "attach", "promote", "reject", "pin", "rollback", "decide")


@dataclass(kw_only=True)
class Found:
    """What the kills left."""

    kills: int = 0
    acknowledged: int = 0
    """Changes that had returned to their caller."""
    interrupted: dict[str, int] = field(default_factory=dict)
    """Changes under way when their process died, by what they were."""
    torn: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Of `verify`, after one more change."""


def kills(registry: Registry, count: int) -> Result:
    """The section of the soak: some kills, in a process of their own."""
    command = [sys.executable, "-m", __name__, str(registry.root), str(count), "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = Found(**json.loads(done.stdout))
    interrupted = ", ".join(f"{act} {times}" for act, times in sorted(found.interrupted.items()))
    return result_of(
        f"{found.kills} kills, {found.acknowledged} changes acknowledged, interrupted: {interrupted}; "
        f"{len(found.torn)} torn, {len(found.lost)} lost, {len(found.faults)} faults"
        f"{''.join(f'; {one}' for one in [*found.torn, *found.lost, *found.faults][:3])}",
        nothing_is_torn=not found.torn,
        nothing_is_lost=not found.lost,
        verify_is_clean=not found.faults,
    )


def kill(folder: Path, count: int, chance: random.Random) -> Found:
    """Kill writers of one registry after another."""
    found = Found()
    for turn in range(0, count, ROUND):
        registry = Registry(folder / str(turn))
        for content in (b"one", b"two"):
            plain_model.publish(registry, content)
        plain_model.promote(registry, 1)
        acknowledged = [
            token for _ in range(min(ROUND, count - turn)) for token in _kill_one(registry, chance, found)
        ]
        registry.pin(MARKET, [])
        _compare(registry, acknowledged, found)
    return found


def _kill_one(registry: Registry, chance: random.Random, found: Found) -> list[str]:
    """Let a process change things, kill it, and look as a reader does; gives what was acknowledged."""
    reading, writing = os.pipe()
    seed = chance.random()
    if not (pid := os.fork()):
        _change_for_ever(registry, random.Random(seed), writing)  # noqa: S311  # a choice of changes
    os.close(writing)
    time.sleep(chance.uniform(0, LONGEST_S))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with os.fdopen(reading) as pipe:
        told = [line.split() for line in pipe.read().splitlines()]
    found.kills += 1
    done = [words[1] for words in told if words[0] == "done"]
    found.acknowledged += len(done)
    if told and told[-1][0] in ACTS:
        found.interrupted[told[-1][0]] = found.interrupted.get(told[-1][0], 0) + 1
    found.torn += _torn(registry)
    return done


def _change_for_ever(registry: Registry, chance: random.Random, pipe: int) -> None:
    """Tell each change before and after it. The process is killed in this."""
    try:
        while True:
            act, token = chance.choice(ACTS), f"{os.getpid()}-{chance.getrandbits(40)}"
            os.write(pipe, f"{act} {token}\n".encode())
            try:
                token = _change(registry, act, token, chance)
            except HousePricesError:  # such as a rollback to a version that was rejected
                os.write(pipe, b"refused -\n")
                continue
            os.write(pipe, f"done {token}\n".encode())
    finally:
        os._exit(1)


def _change(registry: Registry, act: str, token: str, chance: random.Random) -> str:
    """Change something, with the token in the log's line; gives what to look for in the log."""
    number = chance.choice(registry.versions(MARKET))
    sha256 = registry.version(MARKET, number).manifest.sha256
    if act == "publish":
        return f"publication-{plain_model.publish(registry, token.encode()).number}"
    if act == "attach":
        registry.attach(MARKET, number, REPORT, token.encode())
    elif act == "promote":
        registry.promote(MARKET, number, sha256=sha256, by="a soak", reason=token, force=True)
    elif act == "reject":
        registry.reject(MARKET, number, by="a soak", reason=token)
    elif act == "pin":
        registry.pin(MARKET, [number])
    elif act == "rollback":
        registry.rollback(MARKET, by="a soak", reason=token)
    else:
        facts = {"version": number, "passed": True, "reasons": [token]}
        registry.record_decision(MARKET, facts)
    return token if act in ("reject", "rollback", "decide") else "-"  # promoting the champion changes nothing


def _torn(registry: Registry) -> Iterator[str]:
    """What a reader would stumble over."""
    try:
        champion = registry.champion(MARKET)
        for number in registry.versions(MARKET):
            registry.check(MARKET, number)
        if champion is None or champion.version not in registry.versions(MARKET):
            yield f"the champion is {champion}"
        registry.pinned(MARKET)
        yield from audit.faults(registry.root / MARKET / audit.NAME)
    except HousePricesError as error:
        yield str(error)


def _compare(registry: Registry, acknowledged: list[str], found: Found) -> None:
    """What was acknowledged and is not there, and what `verify` says."""
    log = (registry.root / MARKET / audit.NAME).read_text()
    published = {f"publication-{number}" for number in registry.versions(MARKET)}
    found.lost += [token for token in acknowledged if token not in published and token not in log]
    found.faults += verify(registry, MARKET)


if __name__ == "__main__":
    told = kill(Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3])))  # noqa: S311
    print(json.dumps(asdict(told)))
