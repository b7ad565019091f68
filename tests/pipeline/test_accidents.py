"""Records without models, models without records, two machines on one registry, a disk that is only read."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from house_prices.errors import RegistryError
from house_prices.orchestration import audit_heads
from house_prices.registry import Registry
from house_prices.registry.verify import examine, verify
from tests import cottages, plain_model
from tests.workshop import Workshop


def said(answer: dg.SensorResult) -> str:
    assert not answer.run_requests
    assert answer.skip_reason
    return str(answer.skip_reason.skip_message)


def test_records_whose_models_are_lost_promote_nothing_until_a_person_has_looked(trained: Workshop) -> None:
    assert trained.tick("promotion").run_requests
    shutil.rmtree(trained.home / "storage/models")
    assert "audit.jsonl lacks the line" in said(trained.tick("promotion"))
    assert trained.train().success
    waits = trained.tick("promotion")
    assert "audit.jsonl lacks the line" in said(waits)
    faults = verify(trained.registry, "cottages", audit_heads.kept(trained.instance, "cottages"))
    trained.registry.accept("cottages", faults, by="ann", reason="the disk was lost")
    (request,) = trained.tick("promotion", waits.cursor).run_requests or []
    assert trained.promote(request).success


def test_models_whose_records_are_lost_keep_serving_and_are_trained_anew(trained: Workshop) -> None:
    plain = trained.registry.version("cottages", 1).manifest.sha256
    trained.registry.promote("cottages", 1, sha256=plain, by="ann", reason="first")
    alone = Workshop(home=trained.home, serve=trained.serve)  # with records of its own, which are empty
    assert said(alone.tick("promotion")) == "No candidate has been evaluated yet."
    assert examine(alone.registry, "cottages").faults == ()
    assert alone.train().success
    assert alone.registry.versions("cottages") == [1, 2]


def test_of_two_machines_on_one_registry_the_later_promotion_is_refused(
    trained: Workshop, tmp_path: Path
) -> None:
    """Both judged their candidate without knowing the other's."""
    home = tmp_path / "other"
    shutil.copytree(trained.home, home)
    shutil.rmtree(home / "storage/models")
    (home / "storage/models").symlink_to(trained.home / "storage/models")
    other = Workshop.on_disk(home, serve=trained.serve)
    cottages.write_sales(other.sales, cottages.law(worth=2000))
    assert other.train().success
    (first,) = trained.tick("promotion").run_requests or []
    (second,) = other.tick("promotion").run_requests or []
    assert trained.promote(first).success
    assert not other.promote(second).success
    for shop in (trained, other):
        champion = shop.registry.champion("cottages")
        assert champion
        assert champion.version == 1
        assert not verify(shop.registry, "cottages", audit_heads.kept(shop.instance, "cottages"))


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Registry]:
    """A registry on a disk that is mounted read-only."""
    folder = tmp_path / "models"
    registry = Registry(folder)
    plain_model.publish(registry, b"model")
    plain_model.promote(registry, 1)
    mounts = (["--bind", str(folder), str(folder)], ["-o", "remount,bind,ro", str(folder)])
    if any(
        subprocess.run(["mount", *words], capture_output=True, check=False).returncode for words in mounts
    ):
        pytest.skip("this machine lets nobody mount")
    yield registry
    subprocess.run(["umount", str(folder)], check=True)


def test_a_registry_that_is_mounted_read_only_is_read_and_says_why_nothing_changes(
    read_only: Registry,
) -> None:
    for change in (
        lambda: plain_model.publish(read_only, b"another"),
        lambda: read_only.reject(plain_model.MARKET, 1, by="ann", reason="odd"),
    ):
        with pytest.raises(RegistryError, match=r"Read-only file system.*mounted read-only here"):
            change()
    assert read_only.resolve(plain_model.MARKET).number == 1
    assert verify(read_only, plain_model.MARKET) == []
