"""The notebook runs as a script, and is one for Jupyter, too."""

import subprocess
import sys
from pathlib import Path

import jupytext
import pytest

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "models.py"


@pytest.mark.parametrize(("market", "best"), [("ames", "RMSLE 0.1"), ("halfmil", "linear")])
def test_it_explores_and_compares(market: str, best: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(NOTEBOOK), market, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert "The best single feature" in done.stdout
    assert best in done.stdout
    assert "'r2': " in done.stdout


def test_jupyter_sees_cells() -> None:
    kinds = [cell.cell_type for cell in jupytext.read(NOTEBOOK).cells]
    assert kinds.count("code") >= 5
    assert kinds.count("markdown") >= 4
