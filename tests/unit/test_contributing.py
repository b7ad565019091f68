"""The map in CONTRIBUTING shows the tree as it is."""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[2]
TOOLS = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
LAYERS = TOOLS["importlinter"]["contracts"][:2]
TEXT = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_every_folder_is_on_the_map() -> None:
    named = set(re.findall(r"`(\w+)(?:/|\.py)`", TEXT))
    rooms = {room for layer in LAYERS for rooms in layer["layers"] for room in rooms.split(" | ")}
    assert rooms - {"__main__"} <= named


def test_every_path_on_the_map_is_there() -> None:
    paths = re.findall(r"`((?:house_prices|inference_server|benchmarks|tests|docs|deploy)/[\w/.]*)`", TEXT)
    assert len(paths) > 20
    assert [path for path in paths if not (PROJECT / path).exists()] == []
