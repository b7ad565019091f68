"""The command `house-prices`, as a person runs it in a project folder."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import tomlkit
from click.testing import CliRunner

from house_prices.cli.main import main
from tests import models


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def house_prices(home: Path, *words: str, stdin: str = "") -> Done:
    """Run the command within this process, which needs no start. Raises what the command does not handle."""
    ended = CliRunner().invoke(
        main,
        words,
        input=stdin,
        env={"HOUSE_PRICES_HOME": str(home), "DAGSTER_HOME": str(home)},
        prog_name="house-prices",
    )
    if ended.exception and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Done(returncode=ended.exit_code, stdout=ended.stdout, stderr=ended.stderr)


def house_prices_process(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "house_prices", *words],
        capture_output=True,
        text=True,
        env={**os.environ, "HOUSE_PRICES_HOME": str(home), "DAGSTER_HOME": str(home)},
        check=False,
        timeout=120,
    )


def furnish(home: Path) -> None:
    """A project folder with the market of huts."""
    folder = home / "data" / "huts"
    folder.mkdir(parents=True)
    folder.joinpath("contract.toml").write_text(tomlkit.dumps(dict(models.HUTS)))
