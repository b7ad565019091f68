"""`deploy/refuse-defaults.sh`, as the containers run it."""

import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SOUND = "x" * 16


def refusal(**secrets: str) -> str:
    done = subprocess.run(
        [PROJECT / "deploy/refuse-defaults.sh"],
        env={"PATH": "/usr/bin:/bin", **secrets},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode != 0) == bool(done.stderr)
    return done.stderr


@pytest.mark.parametrize("secret", ["change-me", "password", "", "fifteen letters"])
def test_a_secret_that_everybody_knows_or_guesses_is_refused(secret: str) -> None:
    assert refusal(POSTGRES_PASSWORD=SOUND, UI_PASSWORD=SOUND) == ""
    assert refusal(POSTGRES_PASSWORD=SOUND, UI_PASSWORD=secret).startswith("UI_PASSWORD ")
    assert refusal(POSTGRES_PASSWORD=secret, UI_PASSWORD=SOUND).startswith("POSTGRES_PASSWORD ")


def test_the_example_holds_nothing_that_the_check_lets_pass() -> None:
    lines = (PROJECT / ".env.example").read_text(encoding="utf-8").splitlines()
    values = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    refused = refusal(POSTGRES_PASSWORD=values["POSTGRES_PASSWORD"], UI_PASSWORD=values["UI_PASSWORD"])
    assert len(refused.splitlines()) == 2
