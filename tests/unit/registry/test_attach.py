"""Beside a published model only its report changes."""

from pathlib import Path

import pytest

from house_prices.errors import RegistryError, VersionNotFound
from house_prices.registry import REPORT, Registry
from house_prices.registry.verify import verify
from tests import plain_model
from tests.plain_model import MARKET


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    made = Registry(tmp_path)
    plain_model.publish(made, b"model")
    return made


def test_a_report_is_written_and_replaced_and_nothing_else_is_left(registry: Registry) -> None:
    published = set(registry.version(MARKET, 1).folder.iterdir())
    registry.attach(MARKET, 1, REPORT, b"first")
    path = registry.attach(MARKET, 1, REPORT, b"second")
    assert path.read_bytes() == b"second"
    assert set(path.parent.iterdir()) == {*published, path}
    assert verify(registry, MARKET) == []


@pytest.mark.parametrize("name", ["model.onnx", "manifest.json", "../champion.json", "other.html", ""])
def test_no_other_file_is_ever_written(registry: Registry, name: str) -> None:
    with pytest.raises(RegistryError, match=r"is not written beside a model; allowed: report\.html"):
        registry.attach(MARKET, 1, name, b"changed")
    assert registry.version(MARKET, 1).model.read_bytes() == b"model"


def test_a_version_that_was_never_published_takes_no_report(registry: Registry) -> None:
    with pytest.raises(VersionNotFound, match="town has no version 2"):
        registry.attach(MARKET, 2, REPORT, b"report")
    assert not (registry.root / MARKET / "2").exists()


def test_a_disk_that_refuses_is_told_with_what_was_being_written(registry: Registry) -> None:
    (registry.root / MARKET / "1" / REPORT).mkdir()
    with pytest.raises(RegistryError, match=r"cannot write report\.html of town version 1"):
        registry.attach(MARKET, 1, REPORT, b"report")


def test_a_report_that_no_line_speaks_of_is_never_put_in_its_place(registry: Registry) -> None:
    """A crash left it while it was laid out, after another report of the version."""
    registry.attach(MARKET, 1, REPORT, b"first")
    (registry.root / MARKET / f".attaching-1-{REPORT}").write_bytes(b"half of the sec")
    registry.pin(MARKET, [])
    assert registry.version(MARKET, 1).report.read_bytes() == b"first"
    assert verify(registry, MARKET) == []


def test_a_report_whose_line_was_written_is_put_in_its_place_by_the_next_change(registry: Registry) -> None:
    path = registry.attach(MARKET, 1, REPORT, b"first")
    path.rename(registry.root / MARKET / f".attaching-1-{REPORT}")
    assert "is not yet report.html" in verify(registry, MARKET)[0]
    registry.pin(MARKET, [])
    assert path.read_bytes() == b"first"
    assert verify(registry, MARKET) == []
