"""What a person sees in Dagster's UI.

The README's pictures are made by SCREENSHOTS=docs/images .venv/bin/pytest tests/e2e/test_ui.py
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import chromium
from tests.e2e.stack import Stack
from tests.e2e.webserver import wait_for
from tests.workshop import FLOW

ASSETS = (*FLOW, "champion")

WAIT_MS = 60_000
"""Enough for a busy machine; a page takes 2 s on an idle one."""

expect.set_options(timeout=WAIT_MS)
pytestmark = chromium.needed


@pytest.fixture(scope="module")
def ames(running: Stack) -> Stack:
    """The stack with a champion of Ames."""
    running.webserver.launch_job("ames_training")
    wait_for(lambda: running.registry.champion("ames"), seconds=150, otherwise="no champion of Ames")
    return running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1400, "height": 900})
    opened.set_default_timeout(WAIT_MS)
    yield opened
    opened.close()


def test_the_graph_shows_every_asset_of_the_market(ames: Stack, page: Page, pictures: Path) -> None:
    page.set_viewport_size({"width": 2600, "height": 1400})  # as wide as it takes to write into the nodes
    page.goto(f"{ames.webserver.url}/locations/__repository__@house_prices/asset-groups/ames")
    page.get_by_text("Hide navigation").click()
    page.reload()
    for name in ASSETS:
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
    expect(page.get_by_text("4 / 4 Passed")).to_be_visible()
    expect(page.get_by_text("Materialized", exact=True)).to_have_count(len(ASSETS))
    page.screenshot(path=pictures / "asset-graph.png")


def test_a_check_report_shows_what_was_asked_and_the_numbers(ames: Stack, page: Page, pictures: Path) -> None:
    page.goto(f"{ames.webserver.url}/assets/ames/metrics?view=checks&checkDetail=floors")
    expect(
        page.get_by_text("The holdout metrics stay within the contract's floors and ceilings")
    ).to_be_visible()
    expect(page.get_by_text("(at most 0.2)").first).to_be_visible()
    for name in ("parity", "beats_baseline", "against_champion"):
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
    expect(page.get_by_role("button", name="Execute all")).to_be_enabled()
    page.wait_for_timeout(2_000)  # the curves are drawn with an animation
    page.screenshot(path=pictures / "checks.png")


def test_the_metrics_are_listed_with_their_values(ames: Stack, page: Page, pictures: Path) -> None:
    page.goto(f"{ames.webserver.url}/assets/ames/metrics?view=overview")
    row = page.get_by_role("row").filter(has=page.get_by_text("rmsle", exact=True))
    expect(row).to_contain_text("0.1")
    page.get_by_text("Metadata", exact=True).first.evaluate("title => title.scrollIntoView()")
    page.screenshot(path=pictures / "metrics.png")


def test_pictures_are_shown_in_the_ui(ames: Stack, page: Page, pictures: Path) -> None:
    page.goto(f"{ames.webserver.url}/assets/ames/metrics?view=overview")
    row = page.get_by_role("row").filter(has_text="predicted_against_actual")
    row.get_by_text("[Show Markdown]").click()
    picture = page.locator('img[src^="data:image/svg"]')
    expect(picture).to_be_visible()
    assert picture.evaluate("picture => picture.naturalWidth") == 720
    page.wait_for_timeout(500)  # the dialog fades in
    page.screenshot(path=pictures / "predicted-against-actual.png")
