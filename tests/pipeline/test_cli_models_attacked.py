"""`house-prices models` on a registry that somebody has changed, compared with what Dagster knows."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import tomlkit

from house_prices.registry import Registry
from tests import commands, models
from tests.commands import house_prices

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A project with Dagster's records, and one judged version."""
    commands.furnish(tmp_path)
    shutil.copy(PROJECT / "dagster.yaml", tmp_path)
    registry = Registry(tmp_path / "storage" / "models")
    models.publish(registry)
    registry.record_decision("huts", {"version": 1, "passed": True, "reasons": []})
    return tmp_path


def log(home: Path) -> Path:
    return home / "storage/models/huts/audit.jsonl"


def test_a_rejection_removed_from_the_log_is_told_and_the_version_is_not_promoted(home: Path) -> None:
    house_prices(home, "models", "reject", "1", "--reason", "odd prices")
    sound = house_prices(home, "models", "verify")
    assert "no faults, compared with 1 heads of the log in Dagster" in sound.stdout
    log(home).write_bytes(b"".join(log(home).read_bytes().splitlines(keepends=True)[:-1]))
    told = house_prices(home, "models", "verify")
    assert (told.returncode, "audit.jsonl lacks the line 3 that Dagster's event" in told.stderr) == (1, True)
    refused = house_prices(home, "models", "promote", "1", "--reason", "a try")
    assert (refused.returncode, "lacks the line 3" in refused.stderr) == (1, True)
    accepted = house_prices(home, "models", "accept", "--reason", "restored from a backup")
    assert accepted.stdout.startswith("huts: 1 faults are accepted.")
    after = house_prices(home, "models", "verify")
    assert (after.returncode, "Accepted by" in after.stdout) == (0, True)
    assert house_prices(home, "models", "promote", "1", "--reason", "looked at").returncode == 0


def test_without_dagster_verify_says_what_it_cannot_tell(home: Path) -> None:
    (home / "dagster.yaml").unlink()
    told = house_prices(home, "models", "verify")
    assert told.returncode == 0
    assert "not compared with Dagster: there is no" in told.stdout
    assert "unproven: that no line was removed from the log's end" in told.stdout


def test_a_market_that_is_damaged_keeps_no_other_from_being_listed(home: Path) -> None:
    other = home / "data" / "sheds"
    other.mkdir()
    values = {**models.HUTS, "name": "sheds"}
    (other / "contract.toml").write_text(tomlkit.dumps(dict(values)))
    models.publish(Registry(home / "storage" / "models"), models.contract(name="sheds"))
    os.mkfifo(home / "storage/models/huts/champion.json")
    listed = house_prices(home, "models", "list")
    assert listed.returncode == 1
    assert "champion.json is a named pipe; a regular file is expected." in listed.stderr
    assert listed.stdout.splitlines()[:2] == ["huts", "sheds"]
    assert "  1  2026-01-01" in listed.stdout
    checked = house_prices(home, "models", "verify")
    assert (checked.returncode, "sheds: 1 versions, no faults" in checked.stdout) == (1, True)


def test_a_reason_moves_no_cursor_and_writes_no_line_of_its_own(home: Path) -> None:
    house_prices(home, "models", "reject", "1", "--reason", "odd\x1b[2J\n *    9  the champion")
    (line,) = [line for line in house_prices(home, "models", "list").stdout.splitlines() if "odd" in line]
    assert r"odd\u001b[2J\n *    9  the champion" in line
    shown = json.loads(house_prices(home, "models", "show", "1", "--json").stdout)
    assert shown["history"][-1]["reason"] == "odd\x1b[2J\n *    9  the champion"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Ann's key, and the file of those who may sign."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("signatures need ssh-keygen")
    path = tmp_path / "ann"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    public = path.with_suffix(".pub").read_text()
    (tmp_path / "signers").write_text(f'ann namespaces="house-prices" {public}')
    return path


def test_a_signed_checkpoint_proves_the_log_without_dagster(home: Path, key: Path) -> None:
    (home / "dagster.yaml").unlink()
    house_prices(home, "models", "reject", "1", "--reason", "odd prices")
    kept = home / "checkpoint.txt"
    kept.write_text(house_prices(home, "models", "checkpoint").stdout)
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", "house-prices", kept], check=True)
    words = ("models", "verify", "--checkpoint", str(kept), "--signers", str(home / "signers"))
    sound = house_prices(home, *words)
    assert (sound.returncode, "a checkpoint signed by ann" in sound.stdout) == (0, True)
    log(home).write_bytes(b"".join(log(home).read_bytes().splitlines(keepends=True)[:-1]))
    told = house_prices(home, *words)
    assert (told.returncode, "lacks the line 3 that" in told.stderr) == (1, True)
    kept.write_text(house_prices(home, "models", "checkpoint").stdout)
    forged = house_prices(home, *words)
    assert (forged.returncode, "no signature of these signers" in forged.stderr) == (1, True)
    unasked = house_prices(home, "models", "verify", "--checkpoint", str(kept))
    assert "whose signature was not checked" in unasked.stdout


@pytest.mark.parametrize("content", ["", "a\nb\nc\n", "house-prices/audit/other\n1\nAAAA\n"])
def test_what_is_no_checkpoint_of_the_log_is_refused(home: Path, content: str) -> None:
    (home / "checkpoint.txt").write_text(content)
    told = house_prices(home, "models", "verify", "--checkpoint", str(home / "checkpoint.txt"))
    assert (told.returncode, "checkpoint.txt is " in told.stderr) == (1, True)
