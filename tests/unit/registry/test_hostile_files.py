"""A damaged or hostile file is a sentence that names it: no traceback, no waiting, no way out."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from house_prices.errors import ModelDamaged, RegistryError, VersionNotFound
from house_prices.registry import Registry, reading
from house_prices.registry.verify import verify
from tests import plain_model
from tests.plain_model import MARKET


@pytest.fixture
def registry(tmp_path: Path, sound: Path) -> Registry:
    shutil.copytree(sound, tmp_path / "models")
    return Registry(tmp_path / "models")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Registry(tmp_path_factory.mktemp("sound") / "models")
    plain_model.publish(made, b"model")
    plain_model.promote(made, 1)
    made.pin(MARKET, [1])
    return made.root


CHAMPION = '{"version": %s, "sha256": "", "promoted_at": "", "by": "", "reason": "", "previous": null}'
CONTENTS = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "1e999": b'{"versions": [1e999], "version": 1e999}',
    "10^400": b'{"versions": [1%s], "version": 1%s}' % (b"0" * 400, b"0" * 400),
    "Infinity": b'{"versions": [Infinity], "version": NaN}',
    "deep": b"[" * 100_000,
    "deep and closed": b'{"versions": %s1%s}' % (b"[" * 900, b"]" * 900),
    "a path": CHAMPION.encode() % b'"../other/3"',
    "zero": CHAMPION.encode() % b"0",
    "true": CHAMPION.encode() % b"true",
    "no UTF-8": b'\xff\xfe{"versions": []}',
    "one field more": CHAMPION.encode()[:-1] % b"1" + b', "more": 1}',
}


def link(path: Path) -> None:
    outside = next(folder for folder in path.parents if folder.name == "models").with_name("outside")
    shutil.copy(path, outside)
    path.unlink()
    path.symlink_to(outside)


def circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def gigabytes(path: Path) -> None:
    os.truncate(path, 2 << 30)  # a hole, which takes no room


def content(found: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(found)


HOSTILE: dict[str, Callable[[Path], object]] = {
    **{name: content(found) for name, found in CONTENTS.items()},
    **{made.__name__: made for made in (link, circle, fifo, folder, device, gigabytes)},
}
READERS: dict[str, Callable[[Registry], object]] = {
    "champion.json": lambda registry: registry.champion(MARKET),
    "pinned.json": lambda registry: registry.pinned(MARKET),
    "1/manifest.json": lambda registry: registry.version(MARKET, 1),
    "audit.jsonl": lambda registry: registry.history(MARKET),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("what", HOSTILE)
def test_it_is_named_and_verify_tells_it(registry: Registry, name: str, what: str) -> None:
    path = registry.root / MARKET / name
    HOSTILE[what](path)
    try:
        READERS[name](registry)
    except RegistryError as error:
        assert str(path) in str(error) or "has no version" in str(error)  # noqa: PT017
    else:
        assert name == "audit.jsonl"  # the lines that can be read are; the others are faults
    assert verify(registry, MARKET)


@pytest.mark.parametrize("what", ["link", "fifo", "folder", "device"])
@pytest.mark.parametrize("name", ["model.onnx", "trained_on.bin", "report.html"])
def test_so_is_a_file_that_is_only_hashed(registry: Registry, name: str, what: str) -> None:
    path = registry.root / MARKET / "1" / name
    path.touch()
    HOSTILE[what](path)
    assert [fault for fault in verify(registry, MARKET) if f"1/{name}" in fault]


def test_a_market_that_links_out_of_the_registry_is_not_read(registry: Registry, tmp_path: Path) -> None:
    (registry.root / MARKET).rename(tmp_path / "elsewhere")
    (registry.root / MARKET).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelDamaged, match="outside of the registry"):
        registry.champion(MARKET)
    assert verify(registry, MARKET)


@pytest.mark.parametrize("market", ["../models/town", "..", "", "/", "town/1", "Town", "a\x00b"])
def test_only_a_name_becomes_part_of_a_path(registry: Registry, market: str) -> None:
    for read in (registry.champion, registry.pinned, registry.versions, registry.history):
        with pytest.raises(VersionNotFound, match="is no market's name"):
            read(market)


def test_a_registry_below_a_link_is_read_as_ever(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(registry.root)
    assert Registry(tmp_path / "link").resolve(MARKET).number == 1
    assert verify(Registry(tmp_path / "link"), MARKET) == []


@pytest.mark.parametrize("found", [b"9" * 10_000, b"-1e400", b"[" * 33 + b"]" * 33, b'"\\ud800' + b"x" * 9])
def test_json_out_of_bounds_is_a_value_error(found: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        reading.parse(found)
