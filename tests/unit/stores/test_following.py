"""A registry in object storage: pushed by one machine, followed by another, killed at every step."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from house_prices.errors import StoreError
from house_prices.registry import Registry, atomic_files
from house_prices.stores.following import Follower
from house_prices.stores.objects import Objects
from house_prices.stores.pushing import push, require_conditional_writes
from inference_server.models import loaded_model
from tests import models


@pytest.fixture
def bucket() -> Objects:
    return Objects(f"memory://{uuid.uuid4().hex}/models")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path / "models")
    models.promote(registry, models.publish(registry))
    return registry


def promote_another(registry: Registry) -> None:
    models.promote(registry, models.publish(registry, base=len(registry.versions("huts"))))


def test_a_follower_serves_what_was_pushed(registry: Registry, bucket: Objects, tmp_path: Path) -> None:
    promote_another(registry)
    promote_another(registry)
    registry.pin("huts", [1])
    assert push(registry, "huts", bucket)
    follower, there = Follower(bucket, tmp_path / "there"), Registry(tmp_path / "there")
    assert (there.markets(), follower.markets()) == ([], ["huts"])
    assert follower.follow("huts") == 3
    assert (there.champion("huts"), there.pinned("huts")) == (registry.champion("huts"), (1,))
    assert there.versions("huts") == [1, 2, 3]
    assert loaded_model.load(there.resolve("huts")).version == 3


def test_what_is_as_it_was_is_neither_pushed_nor_brought_again(
    registry: Registry, bucket: Objects, tmp_path: Path
) -> None:
    follower = Follower(bucket, tmp_path / "there")
    assert (push(registry, "huts", bucket), follower.follow("huts")) == (True, 1)
    before = bucket.names()
    registry.attach("huts", 1, "report.html", b"a card")  # the log grows, and nothing that serves has changed
    assert (push(registry, "huts", bucket), follower.follow("huts")) == (False, None)
    assert bucket.names() == before


def test_versions_that_no_longer_serve_are_removed_and_damaged_ones_brought_again(
    registry: Registry, bucket: Objects, tmp_path: Path
) -> None:
    there = Registry(tmp_path / "there")
    for _ in range(3):
        push(registry, "huts", bucket)
        Follower(bucket, there.root).follow("huts")
        promote_another(registry)
    assert there.versions("huts") == [2, 3]
    there.version("huts", 3).model.write_bytes(b"damaged")
    Follower(bucket, there.root).follow("huts")
    assert loaded_model.load(there.resolve("huts")).version == 3


def test_a_rollback_is_followed(registry: Registry, bucket: Objects, tmp_path: Path) -> None:
    promote_another(registry)
    push(registry, "huts", bucket)
    registry.rollback("huts", by="a test", reason="complaints")
    push(registry, "huts", bucket)
    assert Follower(bucket, tmp_path / "there").follow("huts") == 1


def test_another_registry_or_an_older_copy_of_it_is_refused(
    registry: Registry, bucket: Objects, tmp_path: Path
) -> None:
    push(registry, "huts", bucket)
    other = Registry(tmp_path / "other")
    models.promote(other, models.publish(other, base=5))
    models.promote(other, models.publish(other, base=6))
    with pytest.raises(StoreError, match="another audit log"):
        push(other, "huts", bucket)


def test_a_changed_object_does_not_serve(registry: Registry, bucket: Objects, tmp_path: Path) -> None:
    push(registry, "huts", bucket)
    bucket.write("huts/1/model.onnx", b"another model")
    with pytest.raises(StoreError, match="its state says"):
        Follower(bucket, tmp_path / "there").follow("huts")
    assert Registry(tmp_path / "there").champion("huts") is None


@pytest.mark.parametrize("content", [b"", b"[]", b'{"log": "", "champion": {}, "pinned": [], "files": {}}'])
def test_a_state_that_is_none_is_told(bucket: Objects, tmp_path: Path, content: bytes) -> None:
    bucket.write("huts/states/000000001.json", content)
    with pytest.raises(StoreError, match=r"huts/states/000000001.json is no state"):
        Follower(bucket, tmp_path / "there").follow("huts")


def test_a_registry_of_its_own_is_not_followed_into(registry: Registry, bucket: Objects) -> None:
    push(registry, "huts", bucket)
    with pytest.raises(StoreError, match="a registry of its own"):
        Follower(bucket, registry.root).follow("huts")


def test_storage_without_conditional_writes_is_refused(
    bucket: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_conditional_writes(bucket)
    assert bucket.names() == []
    monkeypatch.setattr(Objects, "create", lambda self, name, content: self.write(name, content) or True)
    with pytest.raises(StoreError, match="does not keep to If-None-Match"):
        require_conditional_writes(bucket)


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


@pytest.mark.parametrize("step", range(7))
def test_a_push_that_is_killed_leaves_the_old_and_the_next_one_ends_it(
    registry: Registry, bucket: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    push(registry, "huts", bucket)
    promote_another(registry)
    with monkeypatch.context() as patched:
        patched.setattr(Objects, "create", dying(Objects.create, step))
        killed = raises_killed(lambda: push(registry, "huts", bucket))
    follower = Follower(bucket, tmp_path / "there")
    assert follower.follow("huts") == (1 if killed else 2)
    push(registry, "huts", bucket)
    assert follower.follow("huts") == (2 if killed else None)


@pytest.mark.parametrize("step", range(20))
def test_a_follower_that_is_killed_leaves_the_old_or_the_new_and_the_next_one_ends_it(
    registry: Registry, bucket: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    there = Registry(tmp_path / "there")
    push(registry, "huts", bucket)
    Follower(bucket, there.root).follow("huts")
    promote_another(registry)
    push(registry, "huts", bucket)
    with monkeypatch.context() as patched:
        for owner, name in ((atomic_files, "write"), (atomic_files.os, "replace"), (Objects, "read")):
            patched.setattr(owner, name, dying(getattr(owner, name), step))
        killed = raises_killed(lambda: Follower(bucket, there.root).follow("huts"))
    assert loaded_model.load(there.resolve("huts")).version in ((1, 2) if killed else (2,))
    Follower(bucket, there.root).follow("huts")
    assert loaded_model.load(there.resolve("huts")).version == 2
    assert not list(there.root.rglob(".following-*"))


def dying(call: Callable[..., Any], steps: int) -> Callable[..., Any]:
    """The call, which kills at its n-th time, even n before it has done its work and odd n after."""
    left = [steps]

    def counted(*arguments: Any, **named: Any) -> Any:
        if left[0] == 0:
            raise Killed
        done = call(*arguments, **named)
        if left[0] == 1:
            raise Killed
        left[0] -= 2
        return done

    return counted


def raises_killed(act: Callable[[], Any]) -> bool:
    try:
        act()
    except Killed:
        return True
    return False
