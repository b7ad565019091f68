"""Following the registry, look by look."""

import asyncio
import weakref
from pathlib import Path

import pytest
import structlog

from house_prices.registry import Registry
from inference_server.models.champion_watcher import Watcher
from inference_server.models.loader import Loader
from inference_server.models.model_pool import ModelPool
from tests import models

HOUR = 3600.0


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


@pytest.fixture
def pool() -> ModelPool:
    return ModelPool()


def watcher(registry: Registry, pool: ModelPool, *, retry_seconds: float = HOUR) -> Watcher:
    log = structlog.get_logger()
    loader = Loader(registry, pool, log)
    return Watcher(registry, pool, loader, poll_seconds=HOUR, retry_seconds=retry_seconds, log=log)


def look(watcher: Watcher) -> list[str]:
    """Look once; gives the events that were logged."""
    with structlog.testing.capture_logs() as logs:
        asyncio.run(watcher.look())
    return [line["event"] for line in logs]


def test_a_champion_is_loaded_once(registry: Registry, pool: ModelPool) -> None:
    watching = watcher(registry, pool)
    models.promote(registry, models.publish(registry))
    assert [look(watching), look(watching)] == [["model serves"], []]
    assert pool.champions()["huts"].version == 1


def test_what_goes_on_as_before_is_not_loaded_again(registry: Registry, pool: ModelPool) -> None:
    watching = watcher(registry, pool)
    version = models.publish(registry)
    models.promote(registry, version)
    look(watching)
    serving = pool.champions()["huts"]
    models.promote_unchecked(registry, version)  # the same version, at another time, for another reason
    assert look(watching) == []
    assert pool.champions()["huts"] is serving


def test_a_refused_champion_is_not_tried_at_each_look(registry: Registry, pool: ModelPool) -> None:
    watching = watcher(registry, pool)
    version = models.publish(registry)
    models.promote(registry, version)
    version.model.write_bytes(b"")
    assert [look(watching), look(watching)] == [["model refused"], []]


def test_a_file_that_was_put_back_is_taken_at_the_next_try(registry: Registry, pool: ModelPool) -> None:
    watching = watcher(registry, pool, retry_seconds=0)
    version = models.publish(registry)
    models.promote(registry, version)
    whole = version.model.read_bytes()
    version.model.write_bytes(whole[:100])
    assert look(watching) == ["model refused"]
    version.model.write_bytes(whole)
    assert look(watching) == ["model serves"]


def test_a_registry_that_is_not_there_is_said_once_and_again_when_it_goes_again(
    registry: Registry, pool: ModelPool
) -> None:
    watching = watcher(registry, pool)
    assert [look(watching), look(watching)] == [["registry trouble"], []]
    registry.root.mkdir()
    assert look(watching) == []
    registry.root.rmdir()
    assert look(watching) == ["registry trouble"]


def test_a_manifest_of_another_market_is_refused(registry: Registry, pool: ModelPool) -> None:
    models.promote(registry, models.publish(registry))
    (registry.root / "huts").rename(registry.root / "cabins")
    assert look(watcher(registry, pool)) == ["model refused"]
    assert pool.champions() == {}


def test_the_old_model_goes_when_nobody_uses_it(registry: Registry, pool: ModelPool) -> None:
    watching = watcher(registry, pool)
    models.promote(registry, models.publish(registry, base=1))
    look(watching)
    used = pool.champions()["huts"]
    old = weakref.ref(used.onnx.session)
    for base in (2, 3):  # the first stays as the predecessor of the second
        models.promote(registry, models.publish(registry, base=base))
        look(watching)
    assert old() is not None
    del used
    assert old() is None


def test_what_is_kept_is_loaded_before_the_champion_and_outlives_it(
    registry: Registry, pool: ModelPool
) -> None:
    watching = watcher(registry, pool)
    versions = [models.publish(registry, base=base) for base in (0, 1, 2, 3)]
    models.promote(registry, versions[1])
    registry.pin("huts", [1])
    assert look(watching) == ["model loaded", "model serves"]
    for version in versions[2:]:
        models.promote(registry, version)
        assert look(watching) == ["model serves"]
    assert pool.find("huts", "1").version == 1


def test_what_is_no_longer_kept_goes_with_the_next_promotion(registry: Registry, pool: ModelPool) -> None:
    watching = watcher(registry, pool)
    versions = [models.publish(registry, base=base) for base in (0, 1, 2)]
    models.promote(registry, versions[1])
    registry.pin("huts", [1])
    look(watching)
    registry.pin("huts", [])
    assert look(watching) == []
    models.promote(registry, versions[2])
    look(watching)
    assert "1" not in pool.loaded("huts")


def test_a_kept_version_that_cannot_be_loaded_is_told_once_and_the_champion_serves(
    registry: Registry, pool: ModelPool
) -> None:
    watching = watcher(registry, pool)
    broken, sound = models.publish(registry, base=0), models.publish(registry, base=1)
    broken.model.write_bytes(b"")
    models.promote(registry, sound)
    registry.pin("huts", [1])
    assert look(watching) == ["model refused", "pinned version not loaded", "model serves"]
    assert look(watching) == []


def test_a_list_of_what_is_kept_that_cannot_be_read_is_told_once_and_changes_nothing(
    registry: Registry, pool: ModelPool
) -> None:
    watching = watcher(registry, pool)
    models.promote(registry, models.publish(registry))
    look(watching)
    (registry.root / "huts" / "pinned.json").write_text("{")
    assert [look(watching), look(watching)] == [["registry trouble"], []]
    assert pool.champions()["huts"].version == 1
