"""The handbook says what the server does."""

import re
from pathlib import Path

from inference_server import errors, metrics
from inference_server.__main__ import main
from inference_server.authorization import NEEDED

HANDBOOK = (Path(__file__).parents[2] / "docs" / "serving.md").read_text()
SETTINGS = HANDBOOK.partition("## Settings")[2].partition("##")[0]
ROWS = re.findall(r"^\| (`--.*?`) \|(.*?)\|", SETTINGS, re.MULTILINE)
OPTIONS = {option.opts[0]: option for option in main.params if not getattr(option, "hidden", False)}


def test_every_setting_is_in_the_table_with_its_default() -> None:
    table = {flag: default.strip() for flags, default in ROWS for flag in re.findall(r"`(--[a-z-]+)`", flags)}
    assert table.keys() == OPTIONS.keys()
    assert {flag: str(OPTIONS[flag].default) for flag, default in table.items() if default} == {
        flag: default for flag, default in table.items() if default
    }


def test_every_metric_is_in_the_table_with_its_labels() -> None:
    rows = dict(re.findall(r"^\| `(inference_\w+)` \| (.*?) \|", HANDBOOK, re.MULTILINE))
    assert rows.keys() == {metric.name for metric in metrics.ALL}
    assert all(label in rows[metric.name] for metric in metrics.ALL for label in metric.labels)


def test_the_methods_of_a_role_are_named() -> None:
    methods = {path.rpartition("/")[2] for path in NEEDED if "health" not in path}
    assert all(f"`{method}`" in HANDBOOK for method in methods)


def test_a_sentence_of_a_limit_names_its_setting_as_a_flag_and_as_a_variable() -> None:
    limits = [
        errors.TooManyRows(2, 1),
        errors.MessageTooLarge(2, 1),
        errors.Overloaded(1),
        errors.StreamIdle(1),
    ]
    for limit in limits:
        flag, variable = re.findall(r"(--[a-z-]+)\s+\((INFERENCE_SERVER_[A-Z_]+)\)", str(limit))[0]
        assert flag in OPTIONS
        assert variable == f"INFERENCE_SERVER_{flag[2:].replace('-', '_').upper()}"
