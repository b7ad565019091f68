"""NFS on which each machine locks for itself is refused when Dagster starts, and at each change."""

from pathlib import Path

import pytest

from house_prices.errors import RegistryError
from house_prices.registry import Registry, shared_storage
from tests import plain_model

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:31 / /srv/models rw,relatime shared:9 - nfs4 nas:/models rw,vers=4.2,local_lock=none,addr=10.0.0.1
31 22 0:32 / /srv/old\\040models rw,relatime - nfs nas:/old rw,vers=3,nolock,local_lock=all,addr=10.0.0.1
32 22 0:33 / /srv/old\\040models/local rw,relatime - ext4 /dev/vdb rw
"""


@pytest.mark.parametrize("folder", ["/srv/models/town", "/srv", "/srv/old models/local/x"])
def test_locks_that_all_machines_see_are_fine(folder: str) -> None:
    shared_storage.require_locks(Path(folder), MOUNTS)


def test_locks_of_one_machine_are_refused_with_what_to_do() -> None:
    with pytest.raises(
        RegistryError, match=r"nfs, mounted with nolock, local_lock=all: .* Mount it as NFS 4"
    ):
        shared_storage.require_locks(Path("/srv/old models/town"), MOUNTS)


def test_a_change_asks_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"31 22 0:32 / {tmp_path} rw - nfs nas:/old rw,nolock\n")
    monkeypatch.setattr(shared_storage, "MOUNTS", mounts)
    with pytest.raises(RegistryError, match="its locks hold on this machine only"):
        plain_model.publish(Registry(tmp_path / "models"), b"model")


@pytest.mark.parametrize("mounts", ["", "nonsense\n"])
def test_where_nothing_is_known_nothing_is_refused(mounts: str) -> None:
    shared_storage.require_locks(Path("/srv"), mounts)
