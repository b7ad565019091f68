"""The command line follows the settings."""

from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from inference_server import __main__ as command
from inference_server.settings import Settings


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings that the command comes to, instead of a server."""
    came: list[Settings] = []

    async def serve(settings: Settings) -> None:
        came.append(settings)

    monkeypatch.setattr(command, "_serve", serve)
    return came


def test_every_setting_is_an_option_and_its_default_is_the_fields(given: list[Settings]) -> None:
    done = CliRunner().invoke(command.main, ["--models", "storage"])
    assert done.exit_code == 0, done.output
    assert given == [Settings(models=Path("storage"))]
    assert [param.name for param in command.main.params] == [field.name for field in fields(Settings)]


def test_a_flag_wins_over_a_variable_and_a_variable_over_the_file(
    given: list[Settings], tmp_path: Path
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("max_rows = 1\nworkers = 2\nhealth_port = 9\n")
    variables = {"INFERENCE_SERVER_MAX_ROWS": "3", "INFERENCE_SERVER_WORKERS": "4"}
    arguments = ["--settings", str(file), "--models", "storage", "--max-rows", "5", "--metrics-port", "off"]
    CliRunner().invoke(command.main, arguments, env=variables)
    (settings,) = given
    assert (settings.max_rows, settings.workers, settings.health_port) == (5, 4, 9)
    assert settings.metrics_port is None
    assert settings.settings == file


@pytest.mark.parametrize(
    ("flag", "value", "allowed"),
    [
        ("--port", "65536", "0<=x<=65535"),
        ("--health-port", "65536", "0<=x<=65535"),
        ("--workers", "0", "x>=1"),
        ("--grace-seconds", "-1", "x>=0"),
        ("--log-sample", "2", "0<=x<=1"),
        ("--log-level", "loud", "'debug', 'info', 'warning', 'error'"),
    ],
)
def test_a_value_out_of_bounds_is_refused_with_what_is_allowed(flag: str, value: str, allowed: str) -> None:
    done = CliRunner().invoke(command.main, ["--models", "storage", flag, value])
    assert done.exit_code == 2
    assert allowed in done.output
