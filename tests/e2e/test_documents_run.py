"""What README and docs/ say to type is run as it stands there, in order, from a clean folder."""

import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks import halfmil_registry
from house_prices.registry import Registry
from tests import documents
from tests.documents import PAGES, Block, Folder, blocks, clean_folder

TUTORIAL = documents.PROJECT / "docs" / "tutorial.md"
OTHERS = [
    page
    for page in PAGES[1:]
    if page != TUTORIAL
    and any(block.kind in ("sh", "python") and not block.mark.startswith("not run") for block in blocks(page))
]
VERSIONS = 5


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Five versions of HalfMil that the gate has passed, each with a model card."""
    registry, _, _ = halfmil_registry.publish(tmp_path_factory.mktemp("registry"), VERSIONS, sales=3000)
    for number in range(1, VERSIONS + 1):
        facts = {
            "version": number,
            "passed": True,
            "reasons": [],
            "metrics": {"rmsle": 0.1},
            "champion": 1 if number > 1 else None,
        }
        registry.record_decision("halfmil", facts)
        registry.attach("halfmil", number, "report.html", b"a model card")
    return registry


@pytest.fixture
def folder(tmp_path: Path, registry: Registry) -> Folder:
    folder = clean_folder(tmp_path)
    subprocess.run(["cp", "-a", registry.root, folder.path / "storage" / "models"], check=True)
    return folder


def run(page: Path, folder: Folder) -> list[str]:
    """What each block prints, in order."""
    printed = []
    with ExitStack() as serving:
        for block in blocks(page):
            if block.mark == "server":
                serving.enter_context(folder.serving(block))
            elif block.kind in ("sh", "python") and not block.mark.startswith("not run"):
                printed.append(folder.run(block))
    return printed


def server_of(folder: Folder, *flags: str) -> Block:
    """A server for a page that has none of its own."""
    code = " ".join([".venv/bin/inference-server --models storage/models", *flags])
    return Block(page=documents.PAGES[0], line=0, kind="sh", mark="server", code=code)


def test_the_readme_runs_from_top_to_bottom(folder: Folder) -> None:
    (folder.path / "stubs").mkdir()
    one_port = ["--transport", "envoy"]
    folder.ports["8080"] = folder.ports["8001"]
    with folder.serving(server_of(folder, *one_port)):
        printed = run(documents.PAGES[0], folder)
    assert "BRL, by version 1 of halfmil" in printed[0]
    assert '"predictions"' in printed[-1]


def test_the_tutorial_goes_from_a_file_to_a_price(tmp_path: Path) -> None:
    printed = run(TUTORIAL, clean_folder(tmp_path))
    assert "flats: fine" in printed[1]
    assert "EUR, by version 1" in printed[2]
    assert "EUR, by version 1 of flats" in printed[4]


@pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.stem)
def test_a_page_runs_from_top_to_bottom(page: Path, folder: Folder) -> None:
    with ExitStack() as serving:
        if not any(block.mark == "server" for block in blocks(page)):
            folder.ports["8080"] = folder.ports["8001"]
            serving.enter_context(folder.serving(server_of(folder, "--transport", "envoy")))
        run(page, folder)
