"""The model card of a version that was really trained, looked at on a phone, on paper and in the dark.

The README's picture, of Ames, is made by SCREENSHOTS=docs/images .venv/bin/pytest tests/e2e/test_report.py
"""

import itertools
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest
from playwright.sync_api import Browser, Page, expect

from house_prices.orchestration import definitions
from house_prices.registry import ModelVersion, Registry
from tests import cottages
from tests.e2e import chromium
from tests.e2e.stack import PROJECT

SECTIONS = (
    "For whom it is wrong",
    "Compared with the champion",
    "Known limits",
    "Rules of the gate",
    "In life",
    "All metrics",
    "Calibration and residuals",
    "Data",
    "Contract",
    "Estimator and search",
    "Lineage",
)

pytestmark = chromium.needed


def trained(home: Path, market: str) -> ModelVersion:
    """Train a market in process, which ends in the gate's judgement: the newest version.

    It takes a thread of its own: Dagster runs an event loop, and an open browser has that of this one.
    """
    with ThreadPoolExecutor() as thread:
        thread.submit(_train, home, market).result()
    registry = Registry(home / "storage" / "models")
    return registry.version(market, registry.versions(market)[-1])


def _train(home: Path, market: str) -> None:
    job = definitions.build(home).resolve_job_def(f"{market}_training")
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(instance=instance)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of a second candidate, which was compared with the first."""
    home = tmp_path_factory.mktemp("home")
    cottages.write(home, sales=cottages.law(noise=0.2))
    first = trained(home, cottages.NAME)
    Registry(home / "storage" / "models").promote(
        cottages.NAME, first.number, sha256=first.manifest.sha256, by="a test", reason="a test"
    )
    cottages.write(home, sales=cottages.law(noise=0.2, rows=900, seed=1))
    return trained(home, cottages.NAME).report


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    """The report on a phone."""
    opened = browser.new_page(viewport={"width": 360, "height": 740})
    opened.goto(report.as_uri())
    yield opened
    opened.close()


def test_nothing_is_requested_but_the_page_itself(browser: Browser, report: Path) -> None:
    asked: list[str] = []
    opened = browser.new_page()
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(report.as_uri(), wait_until="networkidle")
    opened.close()
    assert asked == [report.as_uri()]


def test_who_decides_reads_one_page_and_the_rest_is_folded(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.evaluate("document.documentElement.scrollHeight") < 3 * 900
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollHeight") > 6 * 900


@pytest.mark.parametrize("width", [320, 360, 768, 1200])
def test_no_width_needs_scrolling_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    widest = "Math.max(...[...document.querySelectorAll('body *')].map(e => e.getBoundingClientRect().right))"
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(widest) <= width


def test_every_section_is_there_under_its_heading_in_order(page: Page) -> None:
    headings = page.get_by_role("heading", level=2)
    expect(headings).to_have_text(list(SECTIONS))
    for at in range(len(SECTIONS)):
        expect(headings.nth(at)).to_be_visible()
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_link_of_the_menu_leads_to_a_section(page: Page) -> None:
    links = page.locator("nav a").evaluate_all("links => links.map(link => link.hash.slice(1))")
    sections = page.locator("section").evaluate_all("all => all.map(section => section.id)")
    assert links == sections


def test_pictures_have_words_and_tables_have_headers_and_captions(page: Page) -> None:
    pictures, tables = page.locator("svg"), page.locator("table")
    assert pictures.count() >= 3
    blocks = tables.evaluate_all("all => all.filter(t => getComputedStyle(t).display === 'block').length")
    assert all(pictures.evaluate_all("all => all.map(svg => svg.getAttribute('aria-label'))"))
    assert all(
        tables.evaluate_all("all => all.map(t => t.caption?.textContent && t.querySelector('th[scope]'))")
    )
    assert (
        blocks == page.locator("table[role=table]").count() == 1
    )  # laid out as blocks, and still told as one


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_the_paper(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two
    assert page.evaluate(CONTRAST) >= 4.5


def test_printed_it_is_some_pages_of_a4_in_dark_ink(browser: Browser, report: Path) -> None:
    opened = browser.new_page(color_scheme="dark")
    opened.goto(report.as_uri())
    printed = opened.pdf(prefer_css_page_size=True, print_background=True)
    opened.emulate_media(media="print", color_scheme="dark")
    paper = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    opened.close()
    assert printed.startswith(b"%PDF")
    assert 3 <= printed.count(b"/Type /Page\n") <= 12
    assert paper == "rgb(255, 255, 255)"


@pytest.mark.skipif("SCREENSHOTS" not in os.environ, reason="Ames is trained for the README's picture alone")
def test_its_top_makes_a_picture(browser: Browser, pictures: Path, tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "data" / "ames", tmp_path / "data" / "ames")
    opened = browser.new_page(viewport={"width": 1200, "height": 900})
    opened.goto(trained(tmp_path, "ames").report.as_uri())
    opened.screenshot(path=pictures / "report.png")
    opened.close()


CONTRAST = """() => {
  const parts = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = colour => parts(colour).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const clear = colour => /, 0\\)$/.test(colour) || colour === 'transparent';
  const paper = e => clear(getComputedStyle(e).backgroundColor)
    ? (e.parentElement ? paper(e.parentElement) : 'rgb(255, 255, 255)') : getComputedStyle(e).backgroundColor;
  const ink = e => e.closest('svg') ? getComputedStyle(e).fill : getComputedStyle(e).color;
  const written = [...document.querySelectorAll('body *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
  return Math.min(...written.map(e => {
    const [a, b] = [light(ink(e)), light(paper(e))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }));
}"""
"""The lowest contrast of any words with what is behind them, as WCAG 2.2 defines it."""
