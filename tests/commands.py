"""The command `house-prices`, run as a person runs it."""

import os
import subprocess
import sys
from pathlib import Path

import tomlkit

from tests import models


def house_prices(home: Path, *words: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """Run the command in a project folder."""
    return subprocess.run(
        [sys.executable, "-m", "house_prices", *words],
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, "HOUSE_PRICES_HOME": str(home)},
        check=False,
        timeout=120,
    )


def furnish(home: Path) -> None:
    """A project folder with the market of huts."""
    folder = home / "data" / "huts"
    folder.mkdir(parents=True)
    folder.joinpath("contract.toml").write_text(tomlkit.dumps(dict(models.HUTS)))
