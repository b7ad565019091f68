"""The documents hold together: every block says what it is, links lead somewhere, pages are short."""

import re
import sys
from pathlib import Path

import pytest

from tests import documents
from tests.documents import PAGES, PROJECT, TO_READ, blocks

SCREENS = 126
"""Lines of two screens. What is made from the code, and README, may be longer."""
DOCS = PROJECT / "docs"
WRITTEN = sorted(page for page in DOCS.rglob("*.md") if page.parent.name != "reference")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_is_run_or_says_why_not_and_what_is_not_run_is_sound(page: Path) -> None:
    for block in blocks(page):
        assert block.kind in ("sh", "python", *TO_READ), f"{block}: {block.kind!r}"
        if block.kind == "python" and block.mark.startswith("not run"):
            compile(block.code, str(block), "exec", flags=8192)  # await, too
        assert not block.mark or re.fullmatch(r"not run: .+|server|in \w+", block.mark), str(block)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.stem)
def test_a_page_is_at_most_two_screens(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").splitlines()) <= SCREENS


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.stem)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = page if not path else (page.parent / path)
        assert found.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in _anchors(found), f"{page.name}: {target}"


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_every_page_is_in_the_sites_table_of_contents() -> None:
    listed = (DOCS / "index.md").read_text(encoding="utf-8").split()
    pages = {page.stem for page in DOCS.glob("*.md")} - {"index"}
    reference = {f"reference/{page.stem}" for page in (DOCS / "reference").glob("*.md")}
    assert pages | reference <= set(listed)


def test_the_reference_is_what_the_code_says() -> None:
    sys.path.insert(0, str(DOCS))
    try:
        import make_reference
    finally:
        sys.path.remove(str(DOCS))
    made = make_reference.pages()
    assert [name for name, text in made.items() if (DOCS / "reference" / name).read_text() != text] == []


def test_a_shell_block_without_its_end_would_be_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- not run: why -->\n```sh\nls\n```\n")
    (block,) = documents.blocks(page)
    assert (block.kind, block.mark, block.code) == ("sh", "not run: why", "ls\n")
