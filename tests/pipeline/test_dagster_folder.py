"""Where Dagster finds the project, and where it keeps what it knows."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import cottages

PROJECT = Path(__file__).parents[2]
DG = Path(sys.executable).with_name("dg")
LAUNCH = [
    "dagster",
    "job",
    "execute",
    "-m",
    "house_prices.orchestration.definitions",
    "-j",
    "cottages_training",
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    cottages.write(home)
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(PROJECT / name, home / name)
    return home


def run(command: list[str], cwd: Path, **environment: object) -> "subprocess.CompletedProcess[str]":
    """A command that knows no folder but what it is told."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_HOME")}
    told = {name: str(value) for name, value in environment.items()}
    return subprocess.run(command, cwd=cwd, env={**kept, **told}, capture_output=True, text=True, timeout=120)


def test_started_in_the_project_dagster_needs_to_be_told_nothing(home: Path) -> None:
    done = run([sys.executable, "-m", *LAUNCH], home)
    assert done.returncode == 0, done.stderr
    assert (home / "storage/models/cottages/1/model.onnx").is_file()
    assert (home / "storage/dagster/history/runs.db").is_file()


def test_started_elsewhere_it_refuses_instead_of_keeping_its_runs_there(home: Path, tmp_path: Path) -> None:
    done = run([sys.executable, "-m", *LAUNCH], tmp_path, DAGSTER_HOME=home, HOUSE_PRICES_HOME=home)
    assert done.returncode != 0
    assert (
        f"Dagster was started in {tmp_path} and would keep its runs there. Start it in {home}." in done.stderr
    )
    assert not (home / "storage/models").exists()


def test_started_where_there_is_no_market_it_says_so(tmp_path: Path) -> None:
    done = run([sys.executable, "-m", *LAUNCH], tmp_path, DAGSTER_HOME=tmp_path)
    assert done.returncode != 0
    assert f"{tmp_path} has no folder data/. Start Dagster in the project" in done.stderr


def test_dg_checks_the_definitions_of_the_project(home: Path) -> None:
    done = run([str(DG), "check", "defs"], PROJECT, HOUSE_PRICES_HOME=home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "loaded successfully" in done.stdout + done.stderr


def test_a_broken_contract_keeps_no_code_location_from_loading(home: Path) -> None:
    cottages.write(home, contract=cottages.CONTRACT.replace("folds = 3", "folds = 1"))
    validate = ["dagster", "definitions", "validate", "-m", "house_prices.orchestration.definitions"]
    done = run([sys.executable, "-m", *validate], home)
    assert done.returncode == 0, done.stderr
    assert "Market cottages is left out." in done.stdout + done.stderr
    assert "training.folds: came 1, allowed: a whole number from 2 to 50" in done.stdout + done.stderr
