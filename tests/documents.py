"""The code in README and docs/, block by block, and how each is run.

A block is shell (`sh`) or Python, unless it is something to read. A comment before it says what is special:

    <!-- not run: why -->   it is only checked for its syntax
    <!-- server -->         it serves until the page ends
    <!-- in FOLDER -->      it is run there
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from house_prices.cli.processes import free_port, listening
from tests import servers

PROJECT = Path(__file__).parents[1]
PAGES = (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md")))
TO_READ = ("text", "mermaid", "json", "toml", "sql", "promql", "{toctree}", "proto")
OWN_FILES = (
    "data/halfmil/contract.toml",
    "protos/house_prices/halfmil/v1/prediction.proto",
    "dagster.yaml",
)
_BLOCK = re.compile(r"(?:^<!-- (?P<mark>.*?) -->\n)?^```(?P<kind>\S*)\n(?P<code>.*?)^```", re.M | re.S)


@dataclass(frozen=True, kw_only=True)
class Block:
    """Code between fences."""

    page: Path
    line: int
    kind: str
    mark: str
    code: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(PROJECT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """Those of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page=page,
            line=text[: found.start()].count("\n") + 1,
            kind=found["kind"],
            mark=found["mark"] or "",
            code=found["code"],
        )
        for found in _BLOCK.finditer(text)
    ]


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A folder that has what a clone of the project has, and ports of its own."""

    path: Path
    ports: dict[str, str]

    def run(self, block: Block) -> str:
        """What the block prints; fails if it fails."""
        folder = self.path / block.mark.removeprefix("in ") if block.mark.startswith("in ") else self.path
        done = subprocess.run(
            _command(self._here(block)),
            cwd=folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @contextmanager
    def serving(self, block: Block) -> Iterator[None]:
        """Run a block that serves."""
        words = f"exec {self._here(block)} --metrics-port off"
        with (self.path / "server.log").open("wb") as log:
            process = subprocess.Popen(
                ["bash", "-ec", words], cwd=self.path, env=self._environment(), stdout=log, stderr=log
            )
        try:
            servers.eventually(lambda: listening(int(self.ports["8001"])) or process.poll() is not None)
            assert process.poll() is None, (self.path / "server.log").read_text()
            servers.eventually(lambda: b"model serves" in (self.path / "server.log").read_bytes())
            yield
        finally:
            process.terminate()
            process.wait(20)

    def _here(self, block: Block) -> str:
        code = block.code
        for port, own in self.ports.items():
            code = code.replace(f"localhost:{port}", f"localhost:{own}")
        return code.rstrip() if block.mark == "server" else code

    def _environment(self) -> dict[str, str]:
        binaries = str(Path(sys.executable).parent)
        return {
            **os.environ,
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "HOUSE_PRICES_HOME": str(self.path),
            "DAGSTER_HOME": str(self.path),
            "HOUSE_PRICES_ADDRESS": f"localhost:{self.ports['8001']}",
            "INFERENCE_SERVER_PORT": self.ports["8001"],
            "PYTHONPATH": f"{PROJECT}",
            "PYTHONWARNINGS": "ignore",
        }


def _command(code: str) -> list[str]:
    is_python = re.search(r"^(import|from) ", code, re.MULTILINE)
    return [sys.executable, "-c", code] if is_python else ["bash", "-euo", "pipefail", "-c", code]


def clean_folder(path: Path) -> Folder:
    """A folder with the project's own files for HalfMil, its commands below .venv/bin, and nothing made."""
    for name in OWN_FILES:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes((PROJECT / name).read_bytes())
    (path / "storage").mkdir()
    (path / ".venv").symlink_to(Path(sys.executable).parents[1])
    return Folder(path=path, ports={"8001": str(free_port()), "8080": str(free_port())})
