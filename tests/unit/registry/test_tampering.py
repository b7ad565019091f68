"""Whatever is changed in a registry behind its back is told by `verify`, or said to be unproven."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from house_prices.contract import reader
from house_prices.registry import REPORT, Head, Registry, audit
from house_prices.registry.verify import examine, verify
from tests import plain_model
from tests.plain_model import MARKET


@pytest.fixture
def registry(tmp_path: Path, sound: Path) -> Registry:
    """Version 1 serves, 2 is rejected, 1 is pinned, and both have a card."""
    return Registry(Path(shutil.copytree(sound, tmp_path / "models")))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Registry(tmp_path_factory.mktemp("sound"))
    for number in (1, 2):
        plain_model.publish(made, b"model %d" % number)
        made.attach(MARKET, number, REPORT, b"card")
    plain_model.promote(made, 1)
    made.pin(MARKET, [1])
    made.reject(MARKET, 2, by="ann", reason="odd prices")
    assert verify(made, MARKET) == []
    return made.root


def edit(name: str, change: Callable[[dict], object]) -> Callable[[Path], object]:  # type: ignore[type-arg]
    """Change the value of a JSON file."""

    def edited(home: Path) -> None:
        values = json.loads((home / name).read_text())
        change(values)
        (home / name).write_text(json.dumps(values))

    return edited


def other_contract(values: dict) -> None:  # type: ignore[type-arg]
    """A contract with a digest that fits it."""
    values["contract"]["title"] = "Another town"
    values["contract_digest"] = reader.from_values(values["contract"]).digest


CHANGES: dict[str, Callable[[Path], object]] = {
    "model": lambda home: (home / "1/model.onnx").write_bytes(b"another"),
    "ranges": edit("1/manifest.json", lambda of: of["ranges"].update(area=[0, 1e9])),
    "golden rows": edit("1/manifest.json", lambda of: of["golden"]["prices"].reverse()),
    "contract": edit("1/manifest.json", other_contract),
    "lineage": edit("1/manifest.json", lambda of: of["lineage"].update(run="another")),
    "data": edit("1/manifest.json", lambda of: of["data"].update(sales=9)),
    "training rows": lambda home: (home / "1/trained_on.bin").write_bytes(b"others"),
    "no training rows": lambda home: (home / "1/trained_on.bin").unlink(),
    "card": lambda home: (home / "1" / REPORT).write_bytes(b"another card"),
    "no card": lambda home: (home / "1" / REPORT).unlink(),
    "a file more": lambda home: (home / "1/model.onnx.data").write_bytes(b"weights"),
    "version": lambda home: (home / "2").rename(home.parent / "elsewhere"),
    "another version": lambda home: (home / "2").rename(home / "3"),
    "reason": edit("champion.json", lambda of: of.update(reason="another")),
    "previous": edit("champion.json", lambda of: of.update(previous=2)),
    "who": edit("champion.json", lambda of: of.update(by="bob")),
    "champion": edit("champion.json", lambda of: of.update(version=2)),
    "no champion": lambda home: (home / "champion.json").unlink(),
    "pins": lambda home: (home / "pinned.json").write_text('{"versions": [2]}'),
    "no pins": lambda home: (home / "pinned.json").unlink(),
    "no log": lambda home: (home / audit.NAME).unlink(),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_changed_is_a_fault(registry: Registry, what: str) -> None:
    heads = head(registry)
    CHANGES[what](registry.root / MARKET)
    assert verify(registry, MARKET, heads)


def head(registry: Registry) -> list[Head]:
    """The log's end, as it is kept elsewhere."""
    hashes = audit.hashes(registry.root / MARKET / audit.NAME)
    return [Head(lines=len(hashes), hash=hashes[-1], kept="Dagster's record of today")]


def rewrite(log: Path, entries: list[dict[str, object]]) -> None:
    """Write a whole chain whose hashes fit."""
    log.unlink()
    for entry in entries:
        facts = {
            name: value for name, value in entry.items() if name not in ("event", "hash", "previous_hash")
        }
        audit.append(log, str(entry["event"]), facts)


def test_a_rejection_removed_from_the_end_is_missed_by_a_head_that_was_kept(registry: Registry) -> None:
    log, heads = registry.root / MARKET / audit.NAME, head(registry)
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    (fault,) = verify(registry, MARKET, heads)
    assert "audit.jsonl lacks the line 7 that Dagster's record of today tells" in fault
    assert "no head of it was kept elsewhere" in examine(registry, MARKET).unproven[0]


def test_a_whole_chain_that_was_rewritten_is_missed_by_a_head_that_was_kept(registry: Registry) -> None:
    log, heads = registry.root / MARKET / audit.NAME, head(registry)
    entries = registry.history(MARKET)
    entries[-1]["reason"] = "fine prices"
    rewrite(log, entries)
    assert verify(registry, MARKET) == []
    assert "or it was written anew" in verify(registry, MARKET, heads)[0]


def test_lines_after_the_newest_head_are_said_to_be_unproven(registry: Registry) -> None:
    heads = head(registry)
    registry.pin(MARKET, [])
    found = examine(registry, MARKET, heads)
    assert (found.faults, found.unproven) == (
        (),
        ("the last 1 lines of the log: the newest head kept is of line 7.",),
    )


def test_a_version_published_twice_is_a_fault(registry: Registry) -> None:
    log = registry.root / MARKET / audit.NAME
    (first, *_) = registry.history(MARKET)
    audit.append(log, "publication", {"version": 1, "files": first["files"]})
    assert "line 8 publishes version 1, which was published before" in verify(registry, MARKET)[0]


def test_times_that_go_back_change_nothing(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = registry.history(MARKET)
    for day, entry in zip((9, 2, 8, 1, 7, 3, 6), entries, strict=True):
        entry["at"] = f"2026-01-0{day}T00:00:00.000+00:00"
    rewrite(registry.root / MARKET / audit.NAME, entries)
    assert registry.rejection(MARKET, 2)
    registry.rejection(MARKET, 2)
    assert plain_model.promote(registry, 1).version == 1
    assert verify(registry, MARKET) == []
