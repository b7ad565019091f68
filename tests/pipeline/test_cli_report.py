"""`house-prices models report`: where a version's report lies."""

from pathlib import Path

import pytest

from house_prices.registry import REPORT, Registry
from tests import commands, models
from tests.commands import house_prices


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    commands.furnish(tmp_path)
    made = Registry(tmp_path / "storage" / "models")
    models.publish(made)
    return made


def test_it_prints_the_path_of_the_report(registry: Registry, tmp_path: Path) -> None:
    path = registry.attach("huts", 1, REPORT, b"<!doctype html>")
    told = house_prices(tmp_path, "models", "report", "1", "--market", "huts")
    assert (told.returncode, told.stdout.strip()) == (0, str(path))


def test_without_a_number_it_is_the_champions(registry: Registry, tmp_path: Path) -> None:
    path = registry.attach("huts", 1, REPORT, b"<!doctype html>")
    models.promote(registry, registry.version("huts", 1))
    assert house_prices(tmp_path, "models", "report").stdout.strip() == str(path)


def test_a_version_that_was_not_judged_has_none_and_the_command_says_so(
    registry: Registry, tmp_path: Path
) -> None:
    told = house_prices(tmp_path, "models", "report", "1")
    assert told.returncode == 1
    assert "huts version 1 has no model card. Materialize huts/model_card." in told.stderr
