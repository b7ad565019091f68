"""The page at the front door, as a person uses it, with a real server behind it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openapi_spec_validator
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from house_prices.registry import REPORT, Registry
from tests import gateways, models, servers
from tests.e2e import chromium
from tests.e2e.stack import PROJECT
from tests.e2e.test_report import trained
from tests.gateways import Gateway
from tests.models import HUT
from tests.tensors import PRICE

pytestmark = [gateways.needed, chromium.needed]
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    registry = Registry(tmp_path_factory.mktemp("page") / "models")
    models.promote(registry, models.publish(registry))
    registry.attach("huts", 1, REPORT, b"<!doctype html><p>What this version is for")
    models.publish(registry)
    registry.attach("huts", 2, REPORT, b"<!doctype html><p>What the candidate is for")
    return registry


@pytest.fixture(scope="module")
def gateway(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with (
        servers.serving(registry.root) as server,
        gateways.front_door(
            tmp_path_factory.mktemp("envoy"), server.port, of=[models.contract(example=HUT)]
        ) as gateway,
    ):
        servers.eventually(gateway.is_ready)
        yield gateway


@pytest.fixture
def page(gateway: Gateway, browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport=PHONE)
    opened.goto(f"http://{gateway.address}/")
    yield opened
    opened.close()


def ask(page: Page) -> Locator:
    """The answer to the form as it stands."""
    page.get_by_role("button", name="Price this house").click()
    return page.get_by_role("status")


def test_a_house_is_priced_with_the_keyboard_alone(page: Page) -> None:
    page.get_by_label("Area").focus()
    page.keyboard.press("Enter")
    answer = page.get_by_role("status")
    expect(answer).to_contain_text(f"{PRICE:,.0f} EUR".replace(",", "\u202f"))
    expect(answer).to_contain_text("version 1")


def test_the_bars_lead_from_typical_sales_to_the_price(page: Page) -> None:
    rows = ask(page).get_by_role("row")
    expect(rows.first).to_have_text("Typical sales502")
    expect(rows.last).to_have_text(f"This house{PRICE:,.0f}".replace(",", "\u202f"))
    expect(rows.nth(1)).to_have_text("area100+650")
    amounts = [
        text.replace("\u2212", "-").replace("\u202f", "")
        for text in rows.locator("td.amount").all_inner_texts()
    ]
    assert sum(map(float, amounts[:-1])) == pytest.approx(float(amounts[-1]), abs=len(amounts) / 2)


def test_a_warning_says_what_makes_a_price_less_certain(page: Page) -> None:
    page.get_by_label("Area").fill("400")
    expect(ask(page)).to_contain_text("Less certain: area 400 is above 249, the largest seen in training.")


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_page_fits_every_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.get_by_text("The same from a program").click()
    expect(ask(page)).to_contain_text("Why this price")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_what_the_contract_does_not_allow_is_not_sent(page: Page) -> None:
    page.get_by_label("Area").fill("")
    answer = ask(page)
    assert page.get_by_label("Area").evaluate("field => field.validity.valueMissing")
    expect(answer).to_contain_text("The price appears here")


@pytest.mark.parametrize("tool", ["curl", "python", "grpcurl"])
def test_an_example_runs_when_it_is_pasted(page: Page, tmp_path: Path, tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    example = page.locator(f"[data-example={tool}]").text_content() or ""
    shell = [sys.executable, "-c"] if tool == "python" else ["sh", "-ec"]
    told = subprocess.run([*shell, example], capture_output=True, check=True, text=True, cwd=tmp_path)
    assert str(int(PRICE)) in told.stdout


def test_the_version_links_to_its_card(page: Page, gateway: Gateway) -> None:
    ask(page).get_by_role("link", name="version 1").click()
    expect(page.get_by_text("What this version is for")).to_be_visible()


def test_the_card_of_a_candidate_is_asked_for_by_its_version(gateway: Gateway) -> None:
    assert b"What the candidate is for" in gateway.ask("/v1/huts:card?version=2").body
    assert b"What this version is for" in gateway.ask("/v1/huts:card").body


@pytest.mark.parametrize(("version", "status"), [("3", 404), ("0", 400), ("../1", 400), ("1e9", 400)])
def test_a_version_that_cannot_be_is_refused(gateway: Gateway, version: str, status: int) -> None:
    assert gateway.ask(f"/v1/huts:card?version={version}").status == status


def test_a_card_that_was_changed_by_hand_is_not_shown(gateway: Gateway, registry: Registry) -> None:
    report = registry.version("huts", 1).report
    written = report.read_bytes()
    report.write_text("<script>alert(1)</script>")
    try:
        assert gateway.ask("/v1/huts:card").status == 404
    finally:
        report.write_bytes(written)


def test_the_page_begins_with_a_market_that_has_a_model(
    registry: Registry, browser: Browser, tmp_path: Path
) -> None:
    markets = [models.contract(name="barns", title="Barns", example=HUT), models.contract(example=HUT)]
    page = browser.new_page(viewport=PHONE)
    with (
        servers.serving(registry.root) as server,
        gateways.front_door(tmp_path, server.port, of=markets) as gateway,
    ):
        servers.eventually(gateway.is_ready)
        page.goto(f"http://{gateway.address}/")
        expect(page.locator("#huts")).to_be_visible()
        page.get_by_role("link", name="Barns").click()
        expect(page.locator("#barns .answer")).to_have_text("This market has no model yet.")
    page.close()


def test_the_page_may_run_nothing_but_its_own_script(page: Page) -> None:
    blocked = page.evaluate("""() => new Promise(done => {
      addEventListener("securitypolicyviolation", (event) => done(event.violatedDirective));
      const script = document.createElement("script");
      script.textContent = "document.title = 'taken over'";
      document.body.append(script);
    })""")
    assert blocked == "script-src-elem"
    assert page.title() == "House prices"


def test_the_json_api_is_described_as_openapi(gateway: Gateway) -> None:
    described = gateway.ask("/api/huts.json").told
    openapi_spec_validator.validate(described)
    assert set(described["components"]["schemas"]["House"]["properties"]) >= set(HUT)
    assert set(described["paths"]) == {"/v1/huts:predict", "/v1/huts:explain"}


@pytest.mark.skipif("SCREENSHOTS" not in os.environ, reason="Ames is trained for the README's picture alone")
def test_the_page_makes_a_picture(browser: Browser, pictures: Path, tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "data" / "ames", tmp_path / "data" / "ames")
    version = trained(tmp_path, "ames")
    registry = Registry(tmp_path / "storage" / "models")
    models.promote(registry, version)
    (tmp_path / "envoy").mkdir()
    with (
        servers.serving(registry.root) as server,
        gateways.front_door(tmp_path / "envoy", server.port, of=[version.manifest.contract]) as gateway,
    ):
        servers.eventually(gateway.is_ready)
        opened = browser.new_page(viewport={"width": 1280, "height": 960})
        opened.goto(f"http://{gateway.address}/")
        expect(ask(opened)).to_contain_text("Why this price")
        opened.screenshot(path=pictures / "page.png", full_page=True)
        opened.close()
