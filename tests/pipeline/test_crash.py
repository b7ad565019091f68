"""A kill or a full disk at every step of publish and promote: readers see the old or the new, never half."""

import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from house_prices.errors import RegistryError
from house_prices.registry import Registry, audit
from house_prices.registry.verify import verify
from tests import disks, dying, plain_model
from tests.plain_model import MARKET

MOST_STEPS = 60
PROJECT = Path(__file__).parents[2]


def prepared(root: Path, *, versions: int) -> Registry:
    """A registry whose champion is version 1."""
    registry = Registry(root)
    for number in range(versions):
        plain_model.publish(registry, f"model {number}".encode())
    plain_model.promote(registry, 1)
    return registry


@pytest.fixture(scope="module")
def act() -> Iterator[dying.Act]:
    """Publish or promote in a process that dies, or finds the disk full, at a step."""
    with dying.forking() as fork:
        yield fork


def every_step(act: dying.Act, what: str, how: str, before: Registry, folder: Path) -> Iterator[Registry]:
    """The registry after the act was stopped at its first step, its second ... until it was not stopped."""
    for at in range(1, MOST_STEPS):
        root = folder / f"{how}-{at}"
        shutil.copytree(before.root, root)
        code = act(root, what, how, at)
        if code == 0:
            assert at > 8, "too few steps were counted to believe in the count"
            return
        assert code == (-signal.SIGKILL if how == "kill" else dying.FAILED)
        yield Registry(root)
    raise AssertionError(f"{what} did not end within {MOST_STEPS} steps")


def leftovers(registry: Registry) -> set[str]:
    """What lies in the market's folder and is neither a whole version nor one of the registry's files."""
    known = {"champion.json", "audit.jsonl", ".lock", *map(str, registry.versions(MARKET))}
    return {path.name for path in (registry.root / MARKET).iterdir()} - known


def see_whole_versions(registry: Registry) -> None:
    """Fail unless every version that a reader sees is whole, and the champion is one of them."""
    for number in registry.versions(MARKET):
        registry.version(MARKET, number).check()
    champion = registry.champion(MARKET)
    assert champion
    assert registry.resolve(MARKET).manifest.sha256 == champion.sha256


def go_on(registry: Registry) -> None:
    """Fail unless the next publication and promotion do what they should."""
    known = {*registry.versions(MARKET), *audit.publications(registry.history(MARKET))}
    version = plain_model.publish(registry, b"the next model")
    champion = plain_model.promote(registry, version.number)
    assert registry.versions(MARKET) == [*sorted(known), version.number]
    assert registry.champion(MARKET) == champion
    assert verify(registry, MARKET) == []


@pytest.mark.parametrize("how", ["kill", "full"])
def test_a_publication_stopped_at_any_step_shows_all_of_a_version_or_nothing(
    act: dying.Act, how: str, tmp_path: Path
) -> None:
    before = prepared(tmp_path / "before", versions=1)
    for registry in every_step(act, "publish", how, before, tmp_path):
        assert registry.versions(MARKET) in ([1], [1, 2])
        see_whole_versions(registry)
        faults = "\n".join(verify(registry, MARKET))
        assert all(name in faults for name in leftovers(registry))
        go_on(registry)


@pytest.mark.parametrize("how", ["kill", "full"])
def test_the_first_publication_of_a_market_may_be_stopped_at_any_step(
    act: dying.Act, how: str, tmp_path: Path
) -> None:
    before = Registry(tmp_path / "before")
    before.root.mkdir()
    for registry in every_step(act, "publish", how, before, tmp_path):
        assert registry.versions(MARKET) in ([], [1])
        assert registry.champion(MARKET) is None
        go_on(registry)


@pytest.mark.parametrize("how", ["kill", "full"])
def test_a_promotion_stopped_at_any_step_leaves_the_old_champion_or_the_new(
    act: dying.Act, how: str, tmp_path: Path
) -> None:
    before = prepared(tmp_path / "before", versions=2)
    for registry in every_step(act, "promote", how, before, tmp_path):
        see_whole_versions(registry)
        champion = registry.champion(MARKET)
        assert champion
        assert champion.version in (1, 2)
        told = [entry["version"] for entry in registry.history(MARKET)][-1]
        faults = "\n".join(verify(registry, MARKET))
        assert (told == champion.version) != ("a promotion was interrupted" in faults)
        assert all(name in faults for name in leftovers(registry))
        go_on(registry)


def test_a_line_cut_off_by_a_kill_is_named_and_taken_back_by_the_next(tmp_path: Path) -> None:
    registry = prepared(tmp_path, versions=1)
    log = tmp_path / MARKET / "audit.jsonl"
    log.write_bytes(log.read_bytes() + b'{"event":"promo')
    assert any("half a line" in fault for fault in verify(registry, MARKET))
    registry.record_decision(MARKET, {"version": 1, "passed": True, "reasons": []})
    assert verify(registry, MARKET) == []


@pytest.mark.parametrize("meant", [1, 2])
def test_an_interrupted_promotion_is_put_right_by_promoting_what_is_meant(
    act: dying.Act, meant: int, tmp_path: Path
) -> None:
    before = prepared(tmp_path / "before", versions=2)
    for registry in every_step(act, "promote", "kill", before, tmp_path):
        plain_model.promote(registry, meant)
        champion = registry.champion(MARKET)
        assert champion
        assert champion.version == meant
        assert verify(registry, MARKET) == []


def test_a_publication_that_a_full_disk_stopped_leaves_nothing_but_what_the_next_finishes(
    act: dying.Act, tmp_path: Path
) -> None:
    before = prepared(tmp_path / "before", versions=1)
    for registry in every_step(act, "publish", "full", before, tmp_path):
        logged = {*audit.publications(registry.history(MARKET))} - {*registry.versions(MARKET)}
        assert leftovers(registry) == {f".publishing-{number}" for number in logged}


def test_a_full_disk_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    prepared(tmp_path, versions=1)
    command = [sys.executable, "-m", "tests.dying", str(tmp_path), "publish", "full", "5"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == dying.FAILED
    assert "cannot publish a version of town: No space left on device" in done.stderr
    assert "Free some space and repeat" in done.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB."""
    with disks.small(tmp_path / "disk", "64k") as folder:
        yield folder


def test_on_a_disk_that_is_really_full_the_champion_stays(small_disk: Path) -> None:
    registry = prepared(small_disk, versions=1)
    with pytest.raises(RegistryError, match="No space left on device"):
        plain_model.publish(registry, b"x" * 80_000)
    assert verify(registry, MARKET) == []
    go_on(registry)


def promote_in_turns(registry: Registry, times: int) -> None:
    """Promote version 2, then 1, then 2 ...: the last page of the log may still take some lines."""
    for number in (2, 1) * times:
        plain_model.promote(registry, number)


def test_a_promotion_on_a_full_disk_leaves_the_champion_and_its_log(small_disk: Path) -> None:
    registry = prepared(small_disk, versions=2)
    filler = disks.fill(small_disk)
    with pytest.raises(RegistryError, match=r"cannot promote town version .: No space left on device"):
        promote_in_turns(registry, 30)
    see_whole_versions(registry)
    filler.unlink()
    go_on(registry)


def test_a_file_that_may_not_grow_is_a_failed_publication(tmp_path: Path) -> None:
    registry = prepared(tmp_path, versions=1)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(RegistryError, match="File too large"):
            plain_model.publish(registry, b"x" * 80_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (registry.versions(MARKET), verify(registry, MARKET)) == ([1], [])
