"""The README's ways to ask the server, run as they stand there."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from benchmarks import halfmil_registry
from tests import servers
from tests.servers import Running

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
PRICE = "32950."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    registry, _, _ = halfmil_registry.publish(tmp_path_factory.mktemp("readme"), sales=3000)
    with servers.serving(registry.root) as running:
        running.says("model serves")
        yield running


@pytest.mark.parametrize(
    ("mark", "answer"),
    [
        ("tritonclient", PRICE),
        ("proto_reflection_descriptor_database", "house_prices.halfmil.v1.PredictionService"),
    ],
)
def test_a_program_of_the_readme_gives_what_it_says(server: Running, mark: str, answer: str) -> None:
    program = next(block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if mark in block)
    assert answer in _run(program, server)


def test_the_readmes_metrics_are_there(server: Running) -> None:
    assert "http://localhost:8002/metrics" in README
    with urlopen(f"http://localhost:{server.metrics_port}/metrics") as scraped:
        assert 'inference_champion_info{market="halfmil"' in scraped.read().decode()


def _run(program: str, server: Running) -> str:
    here = program.replace("localhost:8001", server.address)
    done = subprocess.run(
        [sys.executable, "-c", here], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
