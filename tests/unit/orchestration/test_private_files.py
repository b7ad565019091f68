"""A pickle is read only from where nobody else can have put it."""

import os
import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from upath import UPath

from house_prices.errors import UnsafeFile
from house_prices.orchestration.resources import PickleIOManager


class Attack:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("attacked",)


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an asset was stored."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "assets" / "town" / "metrics.pickle"
    path.parent.mkdir(parents=True, mode=0o777)
    path.parent.chmod(0o777)
    manager(path).dump_to_path(SimpleNamespace(run_id="1"), {"version": 1}, UPath(path))  # type: ignore[arg-type]
    return path


def manager(path: Path) -> Any:
    return PickleIOManager(folder=str(path.parents[1])).create_io_manager(None)  # type: ignore[arg-type]


def load(path: Path) -> object:
    return manager(path).load_from_path(SimpleNamespace(), UPath(path))


def test_what_was_written_is_read_and_its_folder_is_nobody_elses_from_then_on(stored: Path) -> None:
    assert load(stored) == {"version": 1}
    assert not stored.parent.stat().st_mode & 0o022
    assert stored.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("which", ["file", "folder", "base"])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_what_others_can_write_is_never_unpickled(stored: Path, which: str, mode: int) -> None:
    stored.write_bytes(pickle.dumps(Attack()))
    place = {"file": stored, "folder": stored.parent, "base": stored.parents[1]}[which]
    place.chmod(place.stat().st_mode | mode)
    with pytest.raises(UnsafeFile, match="is not read: others than"):
        load(stored)
    assert not Path("attacked").exists()


def test_a_link_to_elsewhere_is_never_unpickled(stored: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(pickle.dumps(Attack()))
    stored.unlink()
    stored.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafeFile):
        load(stored)
    assert not Path("attacked").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_never_unpickled(stored: Path) -> None:
    os.chown(stored, 12345, 12345)
    with pytest.raises(UnsafeFile):
        load(stored)
