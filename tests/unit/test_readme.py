"""What the README promises is what the code does."""

import re
from pathlib import Path

from house_prices import gate
from house_prices.cli.main import main

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def test_every_rule_of_the_gate_is_in_its_table_in_order() -> None:
    table = README.split("| rule |")[1].split("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) == list(gate.RULES)


def test_every_command_it_names_is_one() -> None:
    named = re.findall(r"house-prices ([a-z]+)", README)
    assert named
    assert set(named) <= set(main.commands)


def test_every_make_target_it_names_is_one() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"make ([a-z-]+)", README.replace("and make, nothing", "")))
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    assert named <= targets, named - targets


def test_every_file_it_links_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (PROJECT / link).exists()] == []
