"""Several processes publish, promote and read at once."""

import subprocess
import sys
from pathlib import Path
from subprocess import DEVNULL, PIPE

import pytest

from house_prices.registry import Registry
from house_prices.registry.verify import verify
from tests import plain_model
from tests.plain_model import MARKET

PROJECT = Path(__file__).parents[2]
RACE = """
import sys
from pathlib import Path
from house_prices.registry import Registry
from house_prices.registry.verify import verify
from tests import plain_model
registry, who, act = Registry(Path(sys.argv[1])), sys.argv[2], sys.argv[3]
for turn in range(8):
    if act == "publish":
        print(plain_model.publish(registry, f"{who} {turn}".encode()).number)
    else:
        plain_model.promote(registry, 1 + (turn + int(who)) % 3)
"""


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path)


def race(registry: Registry, act: str, processes: int = 4) -> list[str]:
    """What several processes print that do the same at once."""
    command = [sys.executable, "-c", RACE, str(registry.root)]
    running = [
        subprocess.Popen([*command, str(who), act], cwd=PROJECT, stdout=PIPE, stderr=PIPE, text=True)
        for who in range(processes)
    ]
    ended = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0] * processes, ended
    return [line for out, _ in ended for line in out.splitlines()]


def test_processes_that_publish_at_once_get_distinct_and_whole_versions(registry: Registry) -> None:
    numbers = sorted(map(int, race(registry, "publish")))
    assert numbers == registry.versions(MARKET) == list(range(1, 33))
    assert len({registry.version(MARKET, number).manifest.sha256 for number in numbers}) == 32
    assert verify(registry, MARKET) == []


def test_processes_that_promote_at_once_keep_the_log_in_one_chain(registry: Registry) -> None:
    for content in (b"one", b"two", b"three"):
        plain_model.publish(registry, content)
    race(registry, "promote")
    last = registry.history(MARKET)[-1]
    champion = registry.champion(MARKET)
    assert champion
    assert (champion.version, champion.promoted_at) == (last["version"], last["at"])
    assert verify(registry, MARKET) == []


def test_a_reader_meets_whole_versions_only_while_others_publish_and_promote(registry: Registry) -> None:
    for content in (b"one", b"two", b"three"):
        plain_model.publish(registry, content)
    plain_model.promote(registry, 1)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(registry.root), "1", act], cwd=PROJECT, stdout=DEVNULL
        )
        for act in ("publish", "promote")
    ]
    while any(process.poll() is None for process in running):
        for number in registry.versions(MARKET):
            registry.version(MARKET, number).check()
        assert registry.resolve(MARKET).number in (1, 2, 3)
    assert [process.wait() for process in running] == [0, 0]
