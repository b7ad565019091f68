"""One market's files, made to do harm, beside a market that is sound."""

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from house_prices.registry import Registry
from inference_server.models.champion_watcher import Watcher
from inference_server.models.loader import Loader
from inference_server.models.model_pool import ModelPool
from tests import models


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Markets a (to be damaged), huts and z, all with champions."""
    registry = Registry(tmp_path / "models")
    for name in ("a", "huts", "z"):
        models.promote(registry, models.publish(registry, models.contract(name=name)))
    return registry


def replaced(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink(missing_ok=True)
    make(path)


def served(registry: Registry) -> list[str]:
    """The markets that serve after a look, and after a second one."""
    pool, log = ModelPool(), structlog.get_logger()
    watcher = Watcher(registry, pool, Loader(registry, pool, log), poll_seconds=0.01, log=log)

    async def look() -> None:
        await watcher.look()
        await watcher.look()

    asyncio.run(look())
    return sorted(pool.champions())


CHAMPION = '{{"version": {}, "sha256": "x", "promoted_at": "", "by": "", "reason": "", "previous": null}}'
DAMAGE: dict[str, Callable[[Path], object]] = {
    "1e999": lambda path: path.write_text('{"versions": [1e999]}'),
    "deep": lambda path: path.write_text("[" * 200_000),
    "many digits": lambda path: path.write_text(CHAMPION.format("9" * 5000)),
    "no object": lambda path: path.write_text("7"),
    "no text": lambda path: path.write_bytes(bytes(range(256))),
    "fifo": os.mkfifo,
    "folder": Path.mkdir,
    "another market's version": lambda path: path.write_text(CHAMPION.format('"../huts/1"')),
    "link": lambda path: path.symlink_to("/etc/passwd"),
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "circle": lambda path: path.symlink_to(path),
}


@pytest.mark.parametrize("name", ["champion.json", "pinned.json", "1/manifest.json", "1/model.onnx"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_of_one_market_stops_no_other(registry: Registry, name: str, damage: str) -> None:
    replaced(registry.root / "a" / name, DAMAGE[damage])
    expected = ["a", "huts", "z"] if name == "pinned.json" else ["huts", "z"]
    assert served(registry) == expected
    for thread in threading.enumerate():
        if thread.name in ("champion", "pinned", "version", "load"):
            thread.join(10)
            assert not thread.is_alive(), "a file was opened that never ends"
