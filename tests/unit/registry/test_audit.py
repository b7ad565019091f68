"""The audit log tells what was changed in it after it was written."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from house_prices.errors import PromotionRefused
from house_prices.registry import Registry, audit
from house_prices.registry.verify import examine, verify
from tests import plain_model
from tests.plain_model import MARKET


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of four decisions."""
    path = tmp_path / "audit.jsonl"
    for number in range(1, 5):
        audit.append(path, "gate_decision", decision(number, passed=number > 2))
    return path


def decision(version: int, *, passed: bool = True, reasons: tuple[str, ...] = ()) -> dict[str, object]:
    return {"version": version, "passed": passed, "reasons": reasons}


def lines(log: Path) -> list[bytes]:
    return log.read_bytes().splitlines(keepends=True)


def test_events_are_read_in_the_order_in_which_they_were_written(log: Path) -> None:
    assert [entry["version"] for entry in audit.read(log)] == [1, 2, 3, 4]
    assert audit.faults(log) == []


def test_each_line_carries_the_hash_of_the_line_before_it(log: Path) -> None:
    entries = audit.read(log)
    assert entries[0]["previous_hash"] == audit.START
    assert [entry["previous_hash"] for entry in entries[1:]] == [entry["hash"] for entry in entries[:-1]]


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    assert (audit.read(path), audit.faults(path)) == ([], [])


def test_a_changed_line_is_found(log: Path) -> None:
    log.write_bytes(log.read_bytes().replace(b'"passed":false', b'"passed":true', 1))
    assert audit.faults(log) == [
        "audit.jsonl line 1 does not match its own hash: it was changed after it was written"
    ]


def test_a_changed_line_with_its_hash_put_right_is_found_by_the_next(log: Path) -> None:
    first, *rest = lines(log)
    entry = json.loads(first) | {"passed": True}
    del entry["hash"]
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"))
    entry["hash"] = hashlib.sha256(text.encode()).hexdigest()
    log.write_bytes(json.dumps(entry).encode() + b"\n" + b"".join(rest))
    assert audit.faults(log) == [
        "audit.jsonl line 2 does not follow the line before it: a line was changed, added or removed"
    ]


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_removed_line_is_found(log: Path, at: int) -> None:
    kept = lines(log)
    del kept[at]
    log.write_bytes(b"".join(kept))
    assert [fault for fault in audit.faults(log) if f"line {at + 1} does not follow" in fault]


@pytest.mark.parametrize("at", [0, 2, 4])
def test_an_added_line_is_found(log: Path, at: int) -> None:
    all_lines = lines(log)
    all_lines.insert(at, all_lines[1])
    log.write_bytes(b"".join(all_lines))
    assert audit.faults(log)


def test_lines_in_another_order_are_found(log: Path) -> None:
    log.write_bytes(b"".join(reversed(lines(log))))
    assert audit.faults(log)


@pytest.mark.parametrize(
    "line", [b"not json\n", b"{}\n", b"[]\n", b"\n", b"\xff\n", b"5\n", b'{"hash":5}\n', b'{"a":"\\ud800"}\n']
)
def test_whatever_line_was_added_is_found_and_stops_nothing(log: Path, line: bytes) -> None:
    log.write_bytes(log.read_bytes() + line)
    before = audit.faults(log)
    audit.append(log, "gate_decision", decision(9))
    assert before
    assert set(before) <= set(audit.faults(log))
    assert audit.read(log)[-1]["version"] == 9


@settings(deadline=None)
@given(at=st.integers(min_value=0), letter=st.integers(min_value=0, max_value=255))
def test_any_changed_byte_is_found(tmp_path_factory: pytest.TempPathFactory, at: int, letter: int) -> None:
    path = tmp_path_factory.mktemp("log") / "audit.jsonl"
    audit.append(path, "gate_decision", decision(1, reasons=("größer",)))
    audit.append(path, "gate_decision", decision(2))
    content = bytearray(path.read_bytes())
    before = json.loads(content.splitlines()[0]), json.loads(content.splitlines()[1])
    content[at % len(content)] = letter
    path.write_bytes(bytes(content))
    assert audit.faults(path) or tuple(audit.read(path)) == before


def test_a_promotion_removed_from_the_end_is_missed_by_the_champion(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    plain_model.publish(registry, b"one")
    plain_model.publish(registry, b"two")
    plain_model.promote(registry, 1)
    plain_model.promote(registry, 2)
    log = tmp_path / MARKET / "audit.jsonl"
    log.write_bytes(b"".join(lines(log)[:-1]))
    assert "the audit log's last promotion says 1" in "\n".join(verify(registry, MARKET))


STRANGE = (b"{}\n", b'{"event":"promotion"}\n', b"[]\n", b'{"event":[]}\n')


@pytest.mark.parametrize(
    "line", [*STRANGE, b'{"event":"gate_decision","reasons":[],"at":"","passed":true}\n']
)
def test_a_strange_line_is_a_fault_that_only_force_or_a_person_overrules(tmp_path: Path, line: bytes) -> None:
    registry = Registry(tmp_path)
    plain_model.publish(registry, b"one")
    plain_model.promote(registry, 1)
    log = tmp_path / MARKET / "audit.jsonl"
    log.write_bytes(log.read_bytes() + line)
    faults = verify(registry, MARKET)
    assert "audit.jsonl line 3" in faults[0]
    plain_model.publish(registry, b"two")
    with pytest.raises(PromotionRefused, match=r"audit\.jsonl line 3 .* then accept it"):
        plain_model.promote(registry, 2)
    registry.accept(MARKET, faults, by="ann", reason="a test wrote it")
    assert plain_model.promote(registry, 2).version == 2
    assert verify(registry, MARKET) == []
    assert all("Accepted by ann: a test wrote it" in one for one in examine(registry, MARKET).accepted)
